package io.github.drua.engine;

/**
 * The line to an engine in the same process.
 *
 * <p>What Python raises arrives here as a checked exception that no signature declares, so that
 * every kind is caught.
 */
final class HostedTransport implements Transport {
  private final HostedEngine.Connection connection;
  private final LineListener listener;

  private HostedTransport(HostedEngine.Connection connection, LineListener listener) {
    this.connection = connection;
    this.listener = listener;
  }

  static Launcher launcher(HostedEngine engine) {
    return new Launcher() {
      @Override
      public Transport launch(LineListener listener) {
        try {
          return new HostedTransport(engine.connect(listener), listener);
        } catch (Exception e) { // whatever Python raised
          throw new EngineException(
              ErrorCode.BRIDGE, "the engine in this process cannot be reached: " + e, "", e);
        }
      }

      @Override
      public String route() {
        return "inprocess";
      }
    };
  }

  @Override
  public int room() {
    return 0; // Python may be busy in a long call that holds its lock
  }

  @Override
  public void send(String line) {
    try {
      connection.send(line);
    } catch (Exception e) { // whatever Python raised
      listener.closed("the engine in this process takes no more requests: " + e);
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (Exception e) { // whatever Python raised
      Log.warn("the engine in this process did not close: " + e);
    }
  }

  @Override
  public void kill() {
    // Nothing in this process can be killed; Python may be busy, and nobody waits for it.
    Threads.daemon("drua-close", this::close);
  }

  @Override
  public EngineException death(String reason) {
    return new EngineException(
        ErrorCode.WORKER_DIED, reason, "run the command again: the engine is connected anew");
  }

  @Override
  public String log() {
    return "";
  }
}
