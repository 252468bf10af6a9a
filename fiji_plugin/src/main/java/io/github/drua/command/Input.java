package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import java.util.List;
import java.util.Locale;

/** One of the images that a model takes. */
public final class Input {
  private static final String PREFIX = "input_";

  private final JsonObject json;

  Input(JsonObject json) {
    this.json = json;
  }

  /** Returns the name that the model's description gives it. */
  public String name() {
    return Fields.text(json, "name");
  }

  /** Returns the key in options: the name in the letters that a key can have. */
  public String key() {
    return PREFIX + name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
  }

  /** Returns the names of the channels that it takes; empty if nobody knows. */
  public List<String> channels() {
    return Fields.texts(json, "channels");
  }

  /** Returns whether the model can do without. */
  public boolean optional() {
    return Fields.flag(json, "optional");
  }
}
