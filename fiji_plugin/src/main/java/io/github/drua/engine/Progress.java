package io.github.drua.engine;

/** Who watches a call and may stop it; always asked and told on the calling thread. */
public interface Progress {
  /** Nobody watches, nobody stops. */
  Progress NONE =
      new Progress() {
        @Override
        public void update(String message, long current, long maximum) {
          // nobody watches
        }

        @Override
        public boolean cancelled() {
          return false;
        }
      };

  /** Tells how far the call is; a maximum of 0 means that nobody knows. */
  void update(String message, long current, long maximum);

  /** Returns whether the call shall stop; asked about twenty times a second. */
  boolean cancelled();

  /**
   * Returns whether the call shall end early with what it has so far, where its operation can do
   * so; asked as often.
   */
  default boolean finishing() {
    return false;
  }

  /** Is told once that the engine was asked to stop, and that the call ends soon. */
  default void stopping() {}
}
