package io.github.drua.command;

import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.util.Locale;

/**
 * How the last command ended.
 *
 * <p>ImageJ swallows errors on their way from a command to the program that hosts it (a script, or
 * Python), so each command leaves this where the host can read it.
 */
public final class Status {
  /** The ways to end. */
  public enum Kind {
    /** The result is complete. */
    DONE,
    /** The user stopped it. */
    CANCELLED,
    /** It failed, and {@link Status#error} tells why. */
    ERROR
  }

  private static volatile Status last;

  private final Kind kind;
  private final EngineException error;

  private Status(Kind kind, EngineException error) {
    this.kind = kind;
    this.error = error;
  }

  /** Returns how the last command ended; null if none has since the last {@link #forget}. */
  public static Status last() {
    return last;
  }

  /** Forgets the last command. */
  public static void forget() {
    last = null;
  }

  static void done() {
    last = new Status(Kind.DONE, null);
  }

  static void cancelled() {
    last = new Status(Kind.CANCELLED, null);
  }

  static void failed(EngineException error) {
    last = new Status(Kind.ERROR, error);
  }

  /** Leaves how an exception ended the command. */
  static void ended(RuntimeException error) {
    if (error instanceof CancelledException) {
      cancelled();
    } else {
      failed(error instanceof EngineException ? (EngineException) error : Guard.unknown(error));
    }
  }

  /** Returns the way it ended. */
  public Kind kind() {
    return kind;
  }

  /** Returns the kind of error; null if it did not fail. */
  public ErrorCode code() {
    return error == null ? null : error.code();
  }

  /** Returns the error's sentence and remedy; empty if it did not fail. */
  public String text() {
    return error == null ? "" : error.getMessage();
  }

  /** Throws what the command ended with; does nothing if it is done. */
  public void orThrow() {
    if (kind == Kind.CANCELLED) {
      throw new CancelledException();
    }
    if (kind == Kind.ERROR) {
      throw error;
    }
  }

  @Override
  public String toString() {
    return kind == Kind.ERROR
        ? "error " + code() + ": " + text()
        : kind.name().toLowerCase(Locale.ROOT);
  }
}
