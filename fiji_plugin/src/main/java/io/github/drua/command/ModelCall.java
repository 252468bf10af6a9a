package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import io.github.drua.engine.Result;
import io.github.drua.image.ImageBridge;
import io.github.drua.image.Region;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** A model's run on an image, or on its selection: the images there, the result back. */
final class ModelCall {
  private final ImagePlus input;
  private final Region region;
  private final Map<String, ImageBridge> others = new LinkedHashMap<>();

  /**
   * Fixes what is worked on.
   *
   * @param given images for further inputs of the model that the parameters do not name
   */
  ModelCall(ImagePlus input, ModelParameters parameters, Map<String, ImagePlus> given) {
    this.input = input;
    region = Region.of(input, parameters.currentPlane());
    parameters
        .images(given)
        .forEach((name, image) -> others.put(name, new ImageBridge(image, region.on(image))));
  }

  /** Returns the part of the image that is worked on. */
  Region region() {
    return region;
  }

  /**
   * Runs an operation of the engine and reads its result, whose memory is given back then.
   *
   * @param inputs all but the images and the region
   */
  <T> T run(
      EngineClient engine,
      String op,
      JsonObject inputs,
      Progress progress,
      Function<Result, T> read) {
    JsonObject request = inputs.add("region", region.rectangle());
    ImageBridge image = new ImageBridge(input, region);
    try (Result result = engine.call(op, request, image, others, progress)) {
      return read.apply(result);
    } catch (UnsupportedOperationException // how the JSON library says that a value is another
        // kind,
        | NullPointerException // or missing
        | IndexOutOfBoundsException
        | NumberFormatException e) {
      throw new EngineException(
          ErrorCode.PROTOCOL,
          "the engine returned a result that does not hold together (" + e.getMessage() + ")",
          "install plugin and engine of the same version",
          e);
    }
  }
}
