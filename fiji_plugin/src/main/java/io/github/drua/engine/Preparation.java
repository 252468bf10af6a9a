package io.github.drua.engine;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Grows a pool of segments in the background, and shrinks it when nobody came for long.
 *
 * <p>What is expected last counts: an older wish that has not begun is forgotten.
 */
final class Preparation {
  private final long keptMinutes;
  private final ScheduledThreadPoolExecutor thread;
  private Future<?> wish;
  private Future<?> end;

  /**
   * Creates one without work.
   *
   * @param keptMinutes how long memory waits for a call
   */
  Preparation(long keptMinutes) {
    this.keptMinutes = keptMinutes;
    thread = new ScheduledThreadPoolExecutor(1, Preparation::quiet);
    thread.setRemoveOnCancelPolicy(true);
  }

  private static Thread quiet(Runnable work) {
    Thread thread = new Thread(work, "drua-memory");
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
    return thread;
  }

  /** Gets segments ready that will be used at the same time. */
  synchronized void expect(Segments pool, long... needs) {
    forget(wish);
    wish = thread.submit(() -> pool.prepare(needs));
    forget(end);
    long acquired = pool.acquired();
    end = thread.schedule(() -> pool.freeUnused(acquired), keptMinutes, TimeUnit.MINUTES);
  }

  /** Ends the work; nothing may be expected any more. */
  void close() {
    thread.shutdownNow();
  }

  private static void forget(Future<?> job) {
    if (job != null) {
      job.cancel(false);
    }
  }
}
