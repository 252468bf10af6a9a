package io.github.drua.engine;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Requests on their way, written by a thread of their own.
 *
 * <p>An engine that does not read would otherwise block whoever asks, beyond every deadline.
 */
final class Outbox {
  private static final String END = "";

  private final BlockingQueue<String> queue = new LinkedBlockingQueue<>();
  private final Transport transport;
  private final Thread writer;

  Outbox(Transport transport) {
    this.transport = transport;
    this.writer = Threads.daemon("drua-writer", this::write);
  }

  void send(String line) {
    queue.add(line);
  }

  /** Lets the writer end after what is queued. */
  void close() {
    queue.add(END);
  }

  /** Waits a moment for the writer's end. */
  void join(long millis) {
    try {
      writer.join(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write() {
    try {
      for (String line = queue.take(); !line.equals(END); line = queue.take()) {
        transport.send(line);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
