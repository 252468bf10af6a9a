package io.github.drua.engine;

/** How long the plugin waits for the engine, in milliseconds. */
final class Deadlines {
  /** What users get: generous, because a cold disk or a long computation is not a fault. */
  static final Deadlines USUAL = new Deadlines(60_000, 5_000, 3_000, 60_000, 2_000);

  /** From the start to HELLO. */
  final long start;

  /** From CANCEL to the end of the task. */
  final long grace;

  /** Without any line until PING. */
  final long ping;

  /** Without any line until the engine counts as dead. */
  final long silence;

  /** From SHUTDOWN to the end of the process. */
  final long goodbye;

  Deadlines(long start, long grace, long ping, long silence, long goodbye) {
    this.start = start;
    this.grace = grace;
    this.ping = ping;
    this.silence = silence;
    this.goodbye = goodbye;
  }
}
