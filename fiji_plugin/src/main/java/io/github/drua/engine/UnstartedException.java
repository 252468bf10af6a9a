package io.github.drua.engine;

/** The engine ended before it had begun with a task, which may be given to the next one. */
final class UnstartedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final EngineException why;

  UnstartedException(EngineException why) {
    super(why);
    this.why = why;
  }

  /** Returns the end of the engine, as it is told when there is no next one. */
  EngineException why() {
    return why.again();
  }
}
