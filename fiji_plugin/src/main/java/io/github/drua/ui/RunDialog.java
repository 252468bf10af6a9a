package io.github.drua.ui;

import ij.ImagePlus;
import ij.gui.GenericDialog;
import io.github.drua.command.Card;
import io.github.drua.command.MacroOptions;
import io.github.drua.command.ModelParameters;
import io.github.drua.command.SegmentParameters;
import io.github.drua.command.Setting;
import java.util.Arrays;
import java.util.List;

/** Asks a person which model to run on an image, and how. */
public final class RunDialog extends ModelDialog<ModelParameters> {
  private static final List<String> OF_NETWORK = Arrays.asList("statistics", "scale");

  /** Prepares to ask about an image. */
  public RunDialog(ImagePlus image, List<Card> cards, List<String> devices) {
    super("Drua Run Model", "Run", SegmentParameters.DEFAULT_MODEL, image, cards, devices);
  }

  @Override
  ModelParameters read(MacroOptions options, Card card) {
    return ModelParameters.from(options, card);
  }

  /** What is said of objects is nothing to the network that does not look for them here. */
  @Override
  boolean matters(Card card, Setting setting) {
    boolean ofNetwork = !card.task().equals("segment") || OF_NETWORK.contains(setting.name());
    return ofNetwork && super.matters(card, setting);
  }

  @Override
  void addMore(GenericDialog dialog) {
    // a network gives what it gives
  }
}
