package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Reads fields that may be absent, null or something else: an engine of another version does not
 * tell everything, and a window that shows the rest is worth more than none.
 */
final class Fields {
  private Fields() {}

  /** Returns a text; empty if it is not there. A number is returned as it is written. */
  static String text(JsonObject json, String name) {
    JsonValue value = json.get(name);
    if (value == null || value.isNull()) {
      return "";
    }
    return value.isString() ? value.asString() : value.toString();
  }

  /** Returns a list of texts; empty if it is not there. */
  static List<String> texts(JsonObject json, String name) {
    List<String> texts = new ArrayList<>();
    JsonValue value = json.get(name);
    if (value != null && value.isArray()) {
      value.asArray().forEach(each -> texts.add(each.isString() ? each.asString() : "" + each));
    }
    return Collections.unmodifiableList(texts);
  }

  /** Returns a list of objects; empty if it is not there. */
  static List<JsonObject> objects(JsonObject json, String name) {
    List<JsonObject> objects = new ArrayList<>();
    JsonValue value = json.get(name);
    if (value != null && value.isArray()) {
      for (JsonValue each : value.asArray()) {
        if (each.isObject()) {
          objects.add(each.asObject());
        }
      }
    }
    return objects;
  }

  /** Returns an object; null if it is not there. */
  static JsonObject object(JsonObject json, String name) {
    JsonValue value = json.get(name);
    return value != null && value.isObject() ? value.asObject() : null;
  }

  /** Returns a number; NaN if it is not there. */
  static double number(JsonObject json, String name) {
    JsonValue value = json.get(name);
    return value != null && value.isNumber() ? value.asDouble() : Double.NaN;
  }

  /** Returns whether a field is there and true. */
  static boolean flag(JsonObject json, String name) {
    JsonValue value = json.get(name);
    return value != null && value.isTrue();
  }
}
