package io.github.drua.engine;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;

/** One line of the engine, understood. */
final class Response {
  /** The words of the engine; OTHER is a word that only a newer plugin knows. */
  enum Kind {
    HELLO,
    LAUNCH,
    UPDATE,
    NEED,
    COMPLETION,
    CANCELATION,
    FAILURE,
    ATTACHED,
    PONG,
    OTHER
  }

  final Kind kind;

  /** The task's number, or null if the line is about none. */
  final String task;

  final JsonObject body;

  Response(Kind kind, String task, JsonObject body) {
    this.kind = kind;
    this.task = task;
    this.body = body;
  }

  /**
   * Returns a whole number of the line; 0 if it is not there.
   *
   * @throws EngineException with code PROTOCOL if it is something else
   */
  long number(String name) {
    JsonValue value = body.get(name);
    if (value != null && !value.isNumber()) {
      throw malformed(name, value);
    }
    return value == null ? 0 : (long) value.asDouble();
  }

  /**
   * Returns a text of the line; empty if it is not there.
   *
   * @throws EngineException with code PROTOCOL if it is something else
   */
  String text(String name) {
    JsonValue value = body.get(name);
    if (value != null && !value.isString()) {
      throw malformed(name, value);
    }
    return value == null ? "" : value.asString();
  }

  private EngineException malformed(String name, JsonValue value) {
    return new EngineException(
        ErrorCode.PROTOCOL,
        "the Python engine wrote " + kind + " with " + name + "=" + value,
        "install plugin and engine of the same version");
  }
}
