package io.github.drua.engine;

/** The one engine of this ImageJ: the only state that is shared by everybody. */
public final class Engines {
  private static EngineClient client;
  private static HostedEngine hosted;
  private static boolean hooked;

  private Engines() {}

  /** Returns the engine; it starts when it is called first. */
  public static synchronized EngineClient get() {
    if (client == null) {
      Transport.Launcher launcher =
          hosted == null ? WorkerProcess.launcher() : HostedTransport.launcher(hosted);
      client = new EngineClient(launcher, Segments::usual, Deadlines.USUAL);
      hook();
    }
    return client;
  }

  /** Uses an engine in this process from now on; called by Python over JPype. */
  public static void host(HostedEngine engine) {
    replace(engine);
  }

  /** Uses a worker process from now on. */
  public static void unhost() {
    replace(null);
  }

  /** Ends the engine; the next call starts another one, with the Python chosen then. */
  public static void restart() {
    HostedEngine same;
    synchronized (Engines.class) {
      same = hosted;
    }
    replace(same);
  }

  private static void replace(HostedEngine engine) {
    EngineClient old;
    synchronized (Engines.class) {
      old = client;
      client = null;
      hosted = engine;
    }
    if (old != null) {
      old.close(); // outside the lock: it may wait for Python, and Python for us
    }
  }

  private static void hook() {
    if (!hooked) {
      hooked = true;
      Runtime.getRuntime().addShutdownHook(new Thread(Engines::exit, "drua-exit"));
    }
  }

  private static void exit() {
    EngineClient last;
    synchronized (Engines.class) {
      last = client;
    }
    if (last != null) {
      last.exit();
    }
  }
}
