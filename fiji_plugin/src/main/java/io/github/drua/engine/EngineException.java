package io.github.drua.engine;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;

/** Something went wrong between the plugin and the result, told so that the user can act. */
public final class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final String message;
  private final String remedy;

  /**
   * Creates the exception.
   *
   * @param message one sentence with the offending value and the rule it breaks
   * @param remedy what the user can do, as an imperative clause; empty if there is nothing
   */
  public EngineException(ErrorCode code, String message, String remedy) {
    this(code, message, remedy, null);
  }

  /** Creates the exception with the one that caused it. */
  public EngineException(ErrorCode code, String message, String remedy, Throwable cause) {
    super(remedy.isEmpty() ? message : message + "; " + remedy, cause);
    this.code = code;
    this.message = message;
    this.remedy = remedy;
  }

  /** Returns the exception that an error object of the protocol describes. */
  public static EngineException of(JsonObject error) {
    return new EngineException(
        ErrorCode.of(text(error, "code", "")),
        text(error, "message", "the engine failed and gave no reason"),
        text(error, "remedy", ""));
  }

  private static String text(JsonObject error, String name, String otherwise) {
    JsonValue value = error.get(name);
    return value != null && value.isString() ? value.asString() : otherwise;
  }

  /** Returns the kind of error. */
  public ErrorCode code() {
    return code;
  }

  /** Returns the sentence without its remedy. */
  public String message() {
    return message;
  }

  /** Returns what the user can do; empty if there is nothing. */
  public String remedy() {
    return remedy;
  }

  /** Returns the same error for another thread, which needs a stack trace of its own. */
  EngineException again() {
    return new EngineException(code, message, remedy, this);
  }
}
