package io.github.drua.engine;

/** An engine in the same process, implemented in Python over JPype. */
public interface HostedEngine {
  /** Connects the plugin; the engine's first line is HELLO, as on the other route. */
  Connection connect(LineListener listener);

  /** The plugin's end of a connection. */
  interface Connection {
    /** Hands over one request; returns before it is done. */
    void send(String line);

    /** Ends the connection: what runs is cancelled, no line follows. */
    void close();
  }
}
