package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import io.github.drua.image.Captions;
import io.github.drua.image.Display;
import io.github.drua.image.Maps;
import io.github.drua.image.Region;
import io.github.drua.image.Titles;
import java.util.Map;

/** What came of a network and an image: images that nobody sees yet. */
final class NetworkRun {
  private final Map<String, ImagePlus> maps;
  private final Outcome outcome;

  private NetworkRun(Map<String, ImagePlus> maps, Outcome outcome) {
    this.maps = maps;
    this.outcome = outcome;
  }

  /**
   * Runs a network on an image, or on its selection.
   *
   * @param given images for further inputs of the model that the parameters do not name
   */
  static NetworkRun of(
      EngineClient engine,
      ImagePlus input,
      ModelParameters parameters,
      Map<String, ImagePlus> given,
      Progress progress) {
    JsonObject inputs = parameters.inputs(input.getTitle(), Titles.fileStem(input));
    return of(engine, input, "run", parameters, inputs, given, progress);
  }

  /**
   * Denoises or stains an image, or its selection.
   *
   * @param given images for further inputs of the model that the parameters do not name
   */
  static NetworkRun of(
      EngineClient engine,
      ImagePlus input,
      ImageParameters parameters,
      Map<String, ImagePlus> given,
      Progress progress) {
    JsonObject inputs =
        parameters
            .inputs(input.getTitle(), Titles.fileStem(input))
            .add("display", Display.of(input))
            .add("captions", Captions.of(input, Region.of(input, parameters.run().currentPlane())));
    String task = parameters.task().id();
    NetworkRun run = of(engine, input, task, parameters.run(), inputs, given, progress);
    ImagePlus denoised = run.maps.get("denoised");
    if (denoised != null) {
      Display.copy(input, denoised);
    }
    return run;
  }

  private static NetworkRun of(
      EngineClient engine,
      ImagePlus input,
      String op,
      ModelParameters parameters,
      JsonObject inputs,
      Map<String, ImagePlus> given,
      Progress progress) {
    ModelCall call = new ModelCall(input, parameters, given);
    return call.run(
        engine,
        op,
        inputs,
        progress,
        result -> new NetworkRun(Maps.of(result, input, call.region()), Outcome.of(input, result)));
  }

  /** Returns the images by name: the network's outputs in its order, or those of the task. */
  Map<String, ImagePlus> maps() {
    return maps;
  }

  /** Returns how it was done, and what went wrong. */
  Outcome outcome() {
    return outcome;
  }
}
