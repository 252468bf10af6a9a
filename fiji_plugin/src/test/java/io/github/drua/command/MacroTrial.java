package io.github.drua.command;

import io.github.drua.engine.Engines;

/** MacroHost with an engine that needs no Python. */
public final class MacroTrial {
  private MacroTrial() {}

  /** Runs a macro file with an argument. */
  public static void main(String[] args) {
    Engines.host(new FakeEngine());
    MacroHost.main(args);
  }
}
