package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import java.util.Locale;

/** How a model did when it was last run on its own test tensors. */
public final class ModelTest {
  private final boolean passed;
  private final String text;

  ModelTest(JsonObject json) {
    passed = Fields.flag(json, "passed");
    String tiled = differs(json, "tiled_difference");
    String device = Fields.text(json, "device");
    String created = Fields.text(json, "created").replaceFirst("T(\\d\\d:\\d\\d).*", " $1");
    text =
        (passed ? "passed its test" : "failed its test")
            + (created.isEmpty() ? "" : " " + created)
            + (device.isEmpty() ? "" : " on " + device)
            + "; difference "
            + differs(json, "difference")
            + (tiled.isEmpty() ? "" : ", in tiles " + tiled);
  }

  private static String differs(JsonObject json, String name) {
    double difference = Fields.number(json, name);
    return Double.isNaN(difference) ? "" : String.format(Locale.ROOT, "%.2g", difference);
  }

  /** Returns whether the results were those that the model's authors had. */
  public boolean passed() {
    return passed;
  }

  /** Returns the outcome in words. */
  public String text() {
    return text;
  }
}
