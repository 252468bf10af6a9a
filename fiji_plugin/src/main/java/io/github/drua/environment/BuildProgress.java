package io.github.drua.environment;

import io.github.drua.engine.Progress;

/** Who watches an environment being made, and may stop it; called on the thread that makes it. */
public interface BuildProgress {
  /**
   * Tells how far it is.
   *
   * @param detail what is being done in this phase, may be empty
   * @param fraction of this phase, 0 to 1; negative if nobody knows
   */
  void update(Phase phase, String detail, double fraction);

  /** Tells a line that a program has written. */
  void line(String line);

  /** Returns whether to stop; asked several times a second. */
  boolean cancelled();

  /** Returns what tells ImageJ's progress, which has one line only. */
  static BuildProgress on(Progress progress) {
    return new BuildProgress() {
      @Override
      public void update(Phase phase, String detail, double fraction) {
        progress.update(phase.label() + (detail.isEmpty() ? "" : ": " + detail), 0, 0);
      }

      @Override
      public void line(String line) {
        // the status bar has no room for it; the log file has
      }

      @Override
      public boolean cancelled() {
        return progress.cancelled();
      }
    };
  }
}
