package io.github.drua.engine;

import com.eclipsesource.json.JsonObject;

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

  /** Returns a whole number of the line; 0 if it is not there. */
  long number(String name) {
    return (long) body.getDouble(name, 0);
  }
}
