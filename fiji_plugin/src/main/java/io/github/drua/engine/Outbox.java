package io.github.drua.engine;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Requests on their way, in the order in which each thread gives them.
 *
 * <p>They are written by a thread of their own, because an engine that does not read would block
 * whoever asks, beyond every deadline. What surely fits into the pipe is written at once: to wake
 * that thread takes longer than all the rest of an empty call.
 */
final class Outbox {
  private static final String END = "";
  private static final int UTF8 = 3; // the most bytes of a char

  private final BlockingQueue<String> queue = new LinkedBlockingQueue<>();
  private final Transport transport;
  private final Thread writer;
  private final ReentrantLock turn = new ReentrantLock();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger unheard = new AtomicInteger();

  Outbox(Transport transport) {
    this.transport = transport;
    this.writer = Threads.daemon("drua-writer", this::write);
  }

  void send(String line) {
    boolean fits = unheard.addAndGet(UTF8 * line.length() + 1) <= transport.room();
    if (!fits || !sendAtOnce(line)) {
      waiting.incrementAndGet();
      queue.add(line);
    }
  }

  /** Writes a line unless others wait, or are just being written. */
  private boolean sendAtOnce(String line) {
    if (waiting.get() > 0 || !turn.tryLock()) {
      return false;
    }
    try {
      transport.send(line);
      return true;
    } finally {
      turn.unlock();
    }
  }

  /** Learns that the engine is alive: it reads all the time, so that the pipe is empty again. */
  void heard() {
    unheard.set(0);
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
        write(line);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void write(String line) {
    turn.lock();
    try {
      transport.send(line);
    } finally {
      turn.unlock();
      waiting.decrementAndGet();
    }
  }
}
