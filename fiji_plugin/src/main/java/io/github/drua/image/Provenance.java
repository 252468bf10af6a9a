package io.github.drua.image;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;

/** How a result was made, as the text that Image>Show Info... shows. */
final class Provenance {
  private Provenance() {}

  /** Returns nested values as lines like {@code settings.mask_threshold: 0.5}. */
  static String text(JsonValue run) {
    return text(run, "");
  }

  private static String text(JsonValue run, String prefix) {
    StringBuilder text = new StringBuilder();
    for (JsonObject.Member member : run.asObject()) {
      String name = prefix + member.getName();
      JsonValue value = member.getValue();
      if (value.isObject()) {
        text.append(text(value, name + "."));
      } else if (value.isArray()) {
        value.asArray().forEach(item -> text.append(line(name, item)));
      } else {
        text.append(line(name, value));
      }
    }
    return text.toString();
  }

  private static String line(String name, JsonValue value) {
    return name + ": " + (value.isString() ? value.asString() : value.toString()) + '\n';
  }
}
