package io.github.drua.command;

import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Engines;
import io.github.drua.environment.EngineFit;
import io.github.drua.ui.TaskProgress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.scijava.ItemIO;
import org.scijava.command.Command;
import org.scijava.plugin.Parameter;

/**
 * A task that makes an image of an image, for scripts: the same parameters and results as its menu
 * entry, but returned instead of shown, and errors thrown.
 */
abstract class ImageCommand implements Command {
  private final ImageTask task;

  // Lower-case names, because macros see them so; never persisted, so that a script's result
  // depends on the script alone.
  @Parameter(persist = false)
  private ImagePlus image;

  @Parameter(persist = false, required = false)
  private String model = "";

  @Parameter(persist = false, required = false)
  private String output = "";

  @Parameter(persist = false, required = false)
  private String save = "";

  @Parameter(persist = false, required = false)
  private String planes = "all";

  @Parameter(persist = false, required = false)
  private String channel = "0";

  @Parameter(persist = false, required = false)
  private String device = "auto";

  /** The model's settings and further images as {@code name=value input_name=[title]}. */
  @Parameter(persist = false, required = false)
  private String settings = "";

  @Parameter(type = ItemIO.OUTPUT)
  private String status;

  ImageCommand(ImageTask task) {
    this.task = task;
  }

  /** Adds what this task can be told beside every other. */
  abstract void addMore(Map<String, String> options);

  /** Takes the images that were asked for, by name. */
  abstract void take(Map<String, ImagePlus> images);

  @Override
  public void run() {
    try {
      translate();
      Status.done();
    } catch (RuntimeException e) {
      Status.ended(e);
      throw e;
    } finally {
      status = Status.last().toString();
    }
  }

  private void translate() {
    ModelPlugin.checkImage(image, task.purpose());
    TaskProgress progress = new TaskProgress(image);
    try {
      EngineClient engine = Engines.get();
      EngineFit.check(engine, progress);
      ImageParameters parameters = ImagePlugin.parameters(task, engine, options(), progress);
      NetworkRun result =
          NetworkRun.of(engine, image, parameters, Collections.emptyMap(), progress);
      take(result.maps());
      result.outcome().tell();
    } finally {
      progress.finish();
    }
  }

  private MacroOptions options() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("model", model.isEmpty() ? task.defaultModel() : model);
    values.put("output", output.isEmpty() ? task.outputs().get(0) : output);
    values.put("save", save);
    values.put("planes", planes);
    values.put("channel", channel);
    values.put("device", device);
    addMore(values);
    return MacroOptions.of(values).and(MacroOptions.parse(settings));
  }
}
