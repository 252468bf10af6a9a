package io.github.drua.environment;

import java.io.IOException;
import java.nio.file.Path;

/** Environments of computers in a folder, for tests of other packages. */
public final class Machines {
  private Machines() {}

  /** Returns those of a computer that has none yet. */
  public static Environments bare(Path folder) throws IOException {
    return new Machine(folder).environments("1.0.0");
  }

  /** Returns those of a computer that has one. */
  public static Environments withEnvironment(Path folder) throws IOException {
    return made(new Machine(folder), "1.0.0");
  }

  /**
   * Returns those of a computer that has one of this version of the plugin, without PyTorch, in the
   * data folder that its home is.
   */
  public static Environments withThisEnvironment(Path folder) throws IOException {
    Machine machine = new Machine(folder);
    machine.variables.put("XDG_DATA_HOME", machine.home().toString());
    return made(machine, new EngineWheel().version());
  }

  private static Environments made(Machine machine, String version) throws IOException {
    Environments environments = machine.environments(version);
    environments.create(new Choice("", "", null), new Watcher());
    return environments;
  }
}
