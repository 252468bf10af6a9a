package io.github.drua.engine;

/** Who hears the engine; called on the engine's threads, and never throws. */
public interface LineListener {
  /** Takes one response. */
  void line(String line);

  /** Learns that no line will follow, and why. */
  void closed(String reason);
}
