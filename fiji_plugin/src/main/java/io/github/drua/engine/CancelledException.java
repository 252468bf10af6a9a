package io.github.drua.engine;

/** The user asked to stop: not a failure, and nothing to report. */
public final class CancelledException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public CancelledException() {
    super("cancelled");
  }
}
