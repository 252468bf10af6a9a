package io.github.drua.ui;

import ij.ImagePlus;
import ij.gui.GenericDialog;
import io.github.drua.command.Card;
import io.github.drua.command.MacroOptions;
import io.github.drua.command.SegmentParameters;
import java.util.Arrays;
import java.util.List;

/** Asks a person how to segment an image, and what to show of the result. */
public final class SegmentDialog extends ModelDialog<SegmentParameters> {
  private static final List<String> OUTPUT_LABELS =
      Arrays.asList(
          "Label image",
          "ROIs in the ROI Manager",
          "Outlines on the image",
          "Table",
          "Maps of the network");

  /** Prepares to ask about an image. */
  public SegmentDialog(ImagePlus image, List<Card> cards, List<String> devices) {
    super("Drua Segment", "Segment", SegmentParameters.DEFAULT_MODEL, image, cards, devices);
  }

  @Override
  SegmentParameters read(MacroOptions options, Card card) {
    return SegmentParameters.from(options, card);
  }

  @Override
  void addMore(GenericDialog dialog) {
    addOutputs(dialog, OUTPUT_LABELS, SegmentParameters.OUTPUTS, SegmentParameters.DEFAULT_OUTPUT);
  }
}
