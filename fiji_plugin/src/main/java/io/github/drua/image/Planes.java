package io.github.drua.image;

import java.util.concurrent.atomic.AtomicInteger;

/** Work on many planes by two threads: one alone does not use all the speed that memory has. */
final class Planes {
  /** What is done with one plane; planes are done in any order. */
  interface Work {
    void plane(int index);
  }

  private static final long WORTH_A_THREAD = 8 << 20;

  private final int count;
  private final Work work;
  private final AtomicInteger next = new AtomicInteger();
  private volatile Throwable failure;

  private Planes(int count, Work work) {
    this.count = count;
    this.work = work;
  }

  /**
   * Does the work with every plane, and returns when no thread works any more.
   *
   * @param bytes how much memory is moved in all
   */
  static void each(int count, long bytes, Work work) {
    Planes planes = new Planes(count, work);
    boolean alone =
        count < 2 || bytes < WORTH_A_THREAD || Runtime.getRuntime().availableProcessors() < 2;
    Thread helper = alone ? null : new Thread(planes::help, "drua-planes");
    if (helper != null) {
      helper.setDaemon(true);
      helper.start();
    }
    try {
      planes.run();
    } finally {
      planes.next.set(count);
      join(helper);
    }
    planes.throwFailure();
  }

  private void run() {
    for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
      work.plane(i);
    }
  }

  private void help() {
    try {
      run();
    } catch (RuntimeException | Error e) {
      failure = e;
      next.set(count);
    }
  }

  /** Waits without an end: the planes belong to somebody else as soon as this returns. */
  private static void join(Thread helper) {
    boolean interrupted = false;
    while (helper != null && helper.isAlive()) {
      try {
        helper.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void throwFailure() {
    if (failure instanceof Error) {
      throw (Error) failure;
    }
    if (failure != null) {
      throw (RuntimeException) failure;
    }
  }
}
