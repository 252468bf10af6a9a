package io.github.drua.engine;

/** One open line to an engine, whichever route it takes. */
interface Transport {
  /**
   * Sends one request, one thread at a time; may block when more bytes than {@link #room} were not
   * read yet.
   *
   * <p>Never throws: a line that is cut is told to the listener.
   */
  void send(String line);

  /** Returns how many bytes can be sent without waiting for the engine to read them. */
  int room();

  /** Ends the line and the engine behind it: politely if that takes no longer than a moment. */
  void close();

  /** Ends the line and, where it is a process, the engine, at once and without waiting. */
  void kill();

  /** Returns the error that the end of the line means for whoever waits. */
  EngineException death(String reason);

  /** Returns the last lines of the engine's log. */
  String log();

  /** Opens lines. */
  interface Launcher {
    /**
     * Opens one; the listener hears HELLO first.
     *
     * @throws EngineException if there is no engine to talk to
     */
    Transport launch(LineListener listener);

    /** Returns the route's name: "worker" or "inprocess". */
    String route();
  }
}
