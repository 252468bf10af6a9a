package io.github.drua.command;

import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import java.util.Collections;
import java.util.Map;

/** A task that makes an image of an image, for scripts. */
abstract class ImageCommand extends ScriptCommand {
  private final ImageTask task;

  ImageCommand(ImageTask task) {
    super(task.purpose(), task.defaultModel(), task.outputs().get(0));
    this.task = task;
  }

  /** Takes the images that were asked for, by name. */
  abstract void take(Map<String, ImagePlus> images);

  @Override
  final Outcome work(
      EngineClient engine, ImagePlus image, MacroOptions options, Progress progress) {
    ImageParameters parameters = ImagePlugin.parameters(task, engine, options, progress);
    NetworkRun result = NetworkRun.of(engine, image, parameters, Collections.emptyMap(), progress);
    take(result.maps());
    return result.outcome();
  }
}
