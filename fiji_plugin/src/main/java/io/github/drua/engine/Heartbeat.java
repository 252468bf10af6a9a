package io.github.drua.engine;

import java.util.concurrent.TimeUnit;

/**
 * How long the engine has been silent while somebody waited.
 *
 * <p>Only time between two looks counts, and at most a second of it: a computer that slept, or an
 * engine that nobody asked anything for an hour, is not a silent engine.
 */
final class Heartbeat {
  /** What to do about the silence. */
  enum Verdict {
    WAIT,
    PING,
    DEAD
  }

  private static final long MOST = 1_000;

  private final Deadlines deadlines;
  private long silent;
  private long asked;
  private long looked;

  Heartbeat(Deadlines deadlines) {
    this.deadlines = deadlines;
    this.looked = millis();
  }

  /** Takes note of a line. */
  synchronized void life() {
    silent = 0;
    asked = 0;
  }

  /** Looks at the clock; PING is returned once per interval. */
  synchronized Verdict look() {
    long now = millis();
    silent += Math.min(now - looked, MOST);
    looked = now;
    if (silent >= deadlines.silence) {
      return Verdict.DEAD;
    }
    if (silent - asked >= deadlines.ping) {
      asked = silent;
      return Verdict.PING;
    }
    return Verdict.WAIT;
  }

  private static long millis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }
}
