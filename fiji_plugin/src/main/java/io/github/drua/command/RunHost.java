package io.github.drua.command;

import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Engines;
import io.github.drua.engine.Progress;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;

/**
 * What a network gives, for the program that hosts this ImageJ, such as Python over JPype: nothing
 * is shown, nobody is asked, and errors are thrown.
 */
public final class RunHost {
  private final NetworkRun result;

  private RunHost(NetworkRun result) {
    this.result = result;
  }

  /**
   * Runs a model on an image, or on the bounds of its selection, in all slices and frames.
   *
   * @param options keys and values as in a macro
   * @param inputs the images for the model's further inputs by name, as far as options name none
   * @param progress is told and asked on the calling thread
   * @throws io.github.drua.engine.EngineException if it fails
   * @throws io.github.drua.engine.CancelledException if the progress asked to stop
   */
  public static RunHost run(
      ImagePlus image,
      Map<String, String> options,
      Map<String, ImagePlus> inputs,
      Progress progress) {
    GuestThread.equip();
    ModelPlugin.checkImage(image, RunPlugin.PURPOSE);
    EngineClient engine = Engines.get();
    ModelParameters parameters = RunPlugin.parameters(engine, MacroOptions.of(options), progress);
    return new RunHost(NetworkRun.of(engine, image, parameters, inputs, progress));
  }

  /**
   * Denoises or stains an image, or the bounds of its selection, in all slices and frames.
   *
   * @param task the task's id
   * @param options keys and values as in a macro
   * @param inputs the images for the model's further inputs by name, as far as options name none
   * @param progress is told and asked on the calling thread
   * @throws io.github.drua.engine.EngineException if it fails
   * @throws io.github.drua.engine.CancelledException if the progress asked to stop
   */
  public static RunHost translate(
      String task,
      ImagePlus image,
      Map<String, String> options,
      Map<String, ImagePlus> inputs,
      Progress progress) {
    GuestThread.equip();
    ImageTask wanted = ImageTask.valueOf(task.toUpperCase(Locale.ROOT));
    ModelPlugin.checkImage(image, wanted.purpose());
    EngineClient engine = Engines.get();
    ImageParameters parameters =
        ImagePlugin.parameters(wanted, engine, MacroOptions.of(options), progress);
    return new RunHost(NetworkRun.of(engine, image, parameters, inputs, progress));
  }

  /** Returns the images by name: the network's outputs in its order, or those of the task. */
  public Map<String, ImagePlus> maps() {
    return Collections.unmodifiableMap(result.maps());
  }

  /** Returns the provenance as JSON text. */
  public String run() {
    return result.outcome().run();
  }
}
