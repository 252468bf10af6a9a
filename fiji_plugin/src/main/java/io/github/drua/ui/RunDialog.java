package io.github.drua.ui;

import ij.ImagePlus;
import ij.gui.GenericDialog;
import io.github.drua.command.Card;
import io.github.drua.command.MacroOptions;
import io.github.drua.command.ModelParameters;
import java.util.List;

/** Asks a person which model to run on an image, and how. */
public final class RunDialog extends ModelDialog<ModelParameters> {
  /** Prepares to ask about an image. */
  public RunDialog(ImagePlus image, List<Card> cards, List<String> devices) {
    super("Drua Run Model", "Run", image, cards, devices);
  }

  @Override
  ModelParameters read(MacroOptions options, Card card) {
    return ModelParameters.from(options, card);
  }

  @Override
  void addMore(GenericDialog dialog) {
    // a network gives what it gives
  }
}
