package io.github.drua.command;

import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import io.github.drua.image.Maps;
import io.github.drua.ui.ImageDialog;
import io.github.drua.ui.ModelDialog;
import java.util.Collections;
import java.util.List;

/** The menu entry and macro command of a task that makes an image of an image. */
abstract class ImagePlugin extends ModelPlugin<ImageParameters> {
  private final ImageTask task;

  ImagePlugin(ImageTask task) {
    super(task.command(), task.purpose(), task.firstChoice());
    this.task = task;
  }

  @Override
  ImageParameters fromOptions(EngineClient engine, MacroOptions options, Progress progress) {
    return parameters(task, engine, options, progress);
  }

  static ImageParameters parameters(
      ImageTask task, EngineClient engine, MacroOptions options, Progress progress) {
    Card card = Models.card(engine, ImageParameters.modelOf(task, options), progress);
    return ImageParameters.from(task, options, card);
  }

  @Override
  List<Card> cards(EngineClient engine, Progress progress) {
    return Models.of(engine, task.id(), progress);
  }

  @Override
  ModelDialog<ImageParameters> dialog(ImagePlus image, List<Card> cards, List<String> devices) {
    return new ImageDialog(task, image, cards, devices);
  }

  @Override
  Outcome show(
      EngineClient engine, ImagePlus image, ImageParameters parameters, Progress progress) {
    NetworkRun result = NetworkRun.of(engine, image, parameters, Collections.emptyMap(), progress);
    Maps.show(result.maps());
    return result.outcome();
  }
}
