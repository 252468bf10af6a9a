package io.github.drua.command;

import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import io.github.drua.image.Maps;
import io.github.drua.ui.ModelDialog;
import io.github.drua.ui.RunDialog;
import java.util.Collections;
import java.util.List;

/**
 * The menu entry and macro command {@code Drua Run Model...}: shows what a network of any task
 * gives.
 */
public final class RunPlugin extends ModelPlugin<ModelParameters> {
  static final String COMMAND = "Drua Run Model...";
  static final String PURPOSE = "to run a model on";

  /** Creates the command. */
  public RunPlugin() {
    super(COMMAND, PURPOSE, SegmentParameters.DEFAULT_MODEL);
  }

  @Override
  ModelParameters fromOptions(EngineClient engine, MacroOptions options, Progress progress) {
    return parameters(engine, options, progress);
  }

  static ModelParameters parameters(EngineClient engine, MacroOptions options, Progress progress) {
    Card card = Models.card(engine, ModelParameters.modelOf(options), progress);
    return ModelParameters.from(options, card);
  }

  @Override
  List<Card> cards(EngineClient engine, Progress progress) {
    return Models.installed(engine, progress);
  }

  @Override
  ModelDialog<ModelParameters> dialog(ImagePlus image, List<Card> cards, List<String> devices) {
    return new RunDialog(image, cards, devices);
  }

  @Override
  Outcome show(
      EngineClient engine, ImagePlus image, ModelParameters parameters, Progress progress) {
    NetworkRun result = NetworkRun.of(engine, image, parameters, Collections.emptyMap(), progress);
    Maps.show(result.maps());
    return result.outcome();
  }
}
