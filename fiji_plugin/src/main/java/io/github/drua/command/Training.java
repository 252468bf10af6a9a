package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import io.github.drua.engine.Result;
import io.github.drua.image.ImageBridge;
import io.github.drua.image.Region;
import java.util.List;
import java.util.Locale;

/** A model that was trained and installed. */
public final class Training {
  private final JsonObject trained;
  private final String id;

  private Training(JsonObject outputs) {
    trained = outputs.get("trained").asObject();
    id = outputs.get("card").asObject().getString("id", "");
  }

  /**
   * Trains a denoiser and installs it; takes as long as the parameters say.
   *
   * @param image the active image; null where files are learnt from
   */
  static Training of(
      EngineClient engine, ImagePlus image, TrainParameters parameters, Progress progress) {
    if (!parameters.fromActiveImage()) {
      return read(engine.call("train_denoiser", parameters.inputs(""), progress));
    }
    ModelPlugin.checkImage(image, TrainDenoiserPlugin.PURPOSE);
    Region region = Region.of(image, false);
    JsonObject inputs = parameters.inputs(image.getTitle()).add("region", region.rectangle());
    try (Result result =
        engine.call("train_denoiser", inputs, new ImageBridge(image, region), progress)) {
      return read(result.outputs());
    }
  }

  private static Training read(JsonObject outputs) {
    return Models.read(outputs, Training::new);
  }

  /** Returns the model's id. */
  public String id() {
    return id;
  }

  /** Returns what people should know of images and result. */
  public List<String> notes() {
    return Fields.texts(trained, "notes");
  }

  /** Returns in words how it ended. */
  public String text() {
    return String.format(
        Locale.ROOT,
        "%s after %.0f steps in %s. On parts of the images that were not learnt from, the error is"
            + " %.3g; it was %.3g without any training.",
        ended(),
        Fields.number(trained, "steps"),
        time(Fields.number(trained, "seconds")),
        Fields.number(trained, "validation"),
        Fields.number(trained, "untrained"));
  }

  private String ended() {
    switch (Fields.text(trained, "ended")) {
      case "cancelled":
        return "Stopped by you";
      case "no progress":
        return "Ended, as nothing was gained any more,";
      case "nothing left to do":
        return "Nothing was left to do (more minutes would go on)";
      default:
        return "Ended";
    }
  }

  private static String time(double seconds) {
    return seconds < 120
        ? String.format(Locale.ROOT, "%.0f s", seconds)
        : String.format(Locale.ROOT, "%.1f minutes", seconds / 60);
  }
}
