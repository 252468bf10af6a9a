package io.github.drua.command;

import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import io.github.drua.image.Maps;
import io.github.drua.image.Titles;
import java.util.Map;

/** What a network made of an image, as images that nobody sees yet. */
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
    ModelCall call = new ModelCall(input, parameters, given);
    return call.run(
        engine,
        "run",
        parameters.inputs(input.getTitle(), Titles.fileStem(input)),
        progress,
        result -> new NetworkRun(Maps.of(result, input, call.region()), Outcome.of(input, result)));
  }

  /** Returns the network's outputs by name, in its order. */
  Map<String, ImagePlus> maps() {
    return maps;
  }

  /** Returns how it was done, and what went wrong. */
  Outcome outcome() {
    return outcome;
  }
}
