package io.github.drua.command;

/** Threads of the program that hosts this ImageJ. */
final class GuestThread {
  private GuestThread() {}

  /**
   * Gives the current thread a class loader if it has none, as threads of Python: ImageJ asks the
   * thread for it, and would go on without a command that it cannot load.
   */
  static void equip() {
    Thread thread = Thread.currentThread();
    if (thread.getContextClassLoader() == null) {
      thread.setContextClassLoader(GuestThread.class.getClassLoader());
    }
  }
}
