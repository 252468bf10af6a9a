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
    Environments environments = bare(folder);
    environments.create(new Choice("", "", null), new Watcher());
    return environments;
  }
}
