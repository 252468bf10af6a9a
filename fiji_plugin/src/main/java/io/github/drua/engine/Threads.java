package io.github.drua.engine;

/** Starts threads that do not keep ImageJ alive. */
public final class Threads {
  private Threads() {}

  /** Starts a thread that ends with ImageJ at the latest. */
  public static Thread daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }
}
