package io.github.drua.command;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** One setting of a model: its name, type, default and what it may be. */
public final class Setting {
  /** The kinds of values. */
  public enum Type {
    /** Any finite number. */
    NUMBER,
    /** A whole number. */
    INTEGER,
    /** One of a few words. */
    CHOICE,
    /** Yes or no. */
    FLAG,
    /** Any text. */
    TEXT
  }

  private final String name;
  private final String label;
  private final String help;
  private final Type type;
  private final double min;
  private final double max;
  private final List<String> choices = new ArrayList<>();
  private final String standard;
  private final boolean required;

  Setting(JsonObject json) {
    name = json.getString("name", "");
    label = json.getString("label", name);
    help = text(json.get("help"));
    type = type(json.getString("type", ""));
    min = bound(json.get("min"), Double.NEGATIVE_INFINITY);
    max = bound(json.get("max"), Double.POSITIVE_INFINITY);
    JsonValue words = json.get("choices");
    if (words != null && words.isArray()) {
      words.asArray().forEach(word -> choices.add(text(word)));
    }
    JsonValue given = json.get("default");
    required = given == null || given.isNull();
    standard = required ? "" : check(text(given));
  }

  /** Returns the key in options and requests. */
  public String name() {
    return name;
  }

  /** Returns the name for people. */
  public String label() {
    return label;
  }

  /** Returns one sentence on what it does; may be empty. */
  public String help() {
    return help;
  }

  /** Returns the kind of its values. */
  public Type type() {
    return type;
  }

  /** Returns the words of a choice. */
  public List<String> choices() {
    return choices;
  }

  /** Returns the default as text; empty if there is none. */
  public String standard() {
    return standard;
  }

  /** Returns whether a value must be given that is not empty: there is no default. */
  public boolean required() {
    return required;
  }

  /** Returns the range in words, empty if there is none. */
  public String range() {
    if (Double.isInfinite(min) && Double.isInfinite(max)) {
      return "";
    }
    if (Double.isInfinite(max)) {
      return "at least " + plain(min);
    }
    return Double.isInfinite(min) ? "at most " + plain(max) : plain(min) + " to " + plain(max);
  }

  /** Returns the value in its one way of writing; an exception if the setting cannot have it. */
  public String check(String value) {
    switch (type) {
      case FLAG:
        return oneOf(value, "true", "false");
      case CHOICE:
        return oneOf(value, choices.toArray(new String[0]));
      case TEXT:
        return required ? notEmpty(value.trim()) : value.trim();
      default:
        return plain(inRange(value, number(value)));
    }
  }

  /** Returns a checked value as JSON. */
  JsonValue json(String value) {
    switch (type) {
      case FLAG:
        return Json.value(Boolean.parseBoolean(value));
      case CHOICE:
      case TEXT:
        return Json.value(value);
      case INTEGER:
        return Json.value(Long.parseLong(value));
      default:
        return Json.value(Double.parseDouble(value));
    }
  }

  private double number(String value) {
    double number;
    try {
      number = new BigDecimal(value.trim()).doubleValue();
    } catch (NumberFormatException e) {
      throw wrong(value, "must be a number");
    }
    if (type == Type.INTEGER && (number != Math.rint(number) || Math.abs(number) > 1e15)) {
      throw wrong(value, "must be a whole number");
    }
    return number;
  }

  private double inRange(String value, double number) {
    if (number < min || number > max || Double.isInfinite(number)) {
      throw wrong(value, "must lie in its range (" + range() + ")");
    }
    return number;
  }

  private String notEmpty(String value) {
    if (value.isEmpty()) {
      throw wrong(value, "must be given");
    }
    return value;
  }

  private String oneOf(String value, String... words) {
    for (String word : words) {
      if (word.equals(value)) {
        return value;
      }
    }
    throw wrong(value, "must be one of " + String.join(", ", words));
  }

  private EngineException wrong(String value, String rule) {
    return new EngineException(
        ErrorCode.SETTING,
        name + " is '" + value + "', but " + rule,
        standard == null || standard.isEmpty() ? "write a value" : "its default is " + standard);
  }

  /** Returns a number without exponent and superfluous zeros, so that it reads and replays well. */
  private static String plain(double number) {
    BigDecimal exact = BigDecimal.valueOf(number).stripTrailingZeros();
    return exact.signum() == 0 ? "0" : exact.toPlainString();
  }

  private static Type type(String name) {
    for (Type type : Type.values()) {
      if (type.name().equalsIgnoreCase(name)) {
        return type;
      }
    }
    throw new EngineException(
        ErrorCode.CARD,
        "a setting has the type '" + name + "', which this plugin does not know",
        "install plugin and engine of the same version");
  }

  private static double bound(JsonValue json, double absent) {
    return json == null || json.isNull() ? absent : json.asDouble();
  }

  private static String text(JsonValue json) {
    if (json == null || json.isNull()) {
      return "";
    }
    return json.isString() ? json.asString() : json.toString();
  }
}
