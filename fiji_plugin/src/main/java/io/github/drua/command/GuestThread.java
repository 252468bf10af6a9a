package io.github.drua.command;

/** Threads of the program that hosts this ImageJ. */
final class GuestThread {
  private GuestThread() {}

  /**
   * Gives the current thread a class loader that knows us.
   *
   * <p>Threads of Python have none at all. ImageJ takes the loader of its commands from the first
   * thread that runs one, and goes on without a command that it cannot load.
   */
  static void equip() {
    if (!knowsUs(Thread.currentThread().getContextClassLoader())) {
      Thread.currentThread().setContextClassLoader(GuestThread.class.getClassLoader());
    }
  }

  /** Returns whether a class loader gives our classes. */
  static boolean knowsUs(ClassLoader loader) {
    try {
      return loader != null && loader.loadClass(GuestThread.class.getName()) == GuestThread.class;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }
}
