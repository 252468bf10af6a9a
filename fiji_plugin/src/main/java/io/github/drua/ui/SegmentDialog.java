package io.github.drua.ui;

import ij.ImagePlus;
import ij.gui.GenericDialog;
import io.github.drua.command.Card;
import io.github.drua.command.MacroOptions;
import io.github.drua.command.SegmentParameters;
import java.awt.Checkbox;
import java.util.ArrayList;
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
    super("Drua Segment", "Segment", image, cards, devices);
  }

  @Override
  SegmentParameters read(MacroOptions options, Card card) {
    return SegmentParameters.from(options, card);
  }

  @Override
  void addMore(GenericDialog dialog) {
    List<String> chosen =
        Arrays.asList(entered("output", SegmentParameters.DEFAULT_OUTPUT).split(","));
    boolean[] states = new boolean[OUTPUT_LABELS.size()];
    for (int i = 0; i < states.length; i++) {
      states[i] = chosen.contains(SegmentParameters.OUTPUTS.get(i));
    }
    int before = dialog.getCheckboxes() == null ? 0 : dialog.getCheckboxes().size();
    dialog.setInsets(12, 20, 0);
    dialog.addCheckboxGroup(3, 2, OUTPUT_LABELS.toArray(new String[0]), states);
    List<Checkbox> boxes = new ArrayList<>();
    for (Object box : dialog.getCheckboxes()) {
      boxes.add((Checkbox) box);
    }
    addField("output", () -> outputs(boxes.subList(before, boxes.size())));
  }

  private static String outputs(List<Checkbox> boxes) {
    List<String> chosen = new ArrayList<>();
    for (Checkbox box : boxes) {
      if (box.getState()) {
        chosen.add(SegmentParameters.OUTPUTS.get(OUTPUT_LABELS.indexOf(box.getLabel())));
      }
    }
    return String.join(",", chosen);
  }
}
