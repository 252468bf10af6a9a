package io.github.drua.environment;

import io.github.drua.engine.Platform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The NVIDIA device of this machine, as far as its driver tells. */
final class Graphics {
  private static final long PATIENCE = 10_000;

  private final String name;

  private Graphics(String name) {
    this.name = name;
  }

  /** Looks for a device; takes up to some seconds where the driver is slow. */
  static Graphics find(Platform platform, String architecture) {
    if (!platform.supportsNvidia(architecture)) {
      return new Graphics("");
    }
    Path tool = platform.program("nvidia-smi");
    if (tool != null) {
      List<String> command =
          Arrays.asList(tool.toString(), "--query-gpu=name", "--format=csv,noheader,nounits");
      Program.Output output = Program.quick(command, Collections.emptyMap(), PATIENCE);
      if (output.code() == 0 && !output.lines().isEmpty()) {
        return new Graphics(output.lines().get(0).trim());
      }
    }
    boolean driver = platform.nvidiaDrivers().stream().anyMatch(Files::exists);
    return new Graphics(driver ? "NVIDIA device" : "");
  }

  /** Returns the build that fits. */
  Build build() {
    return name.isEmpty() ? Build.CPU : Build.NVIDIA;
  }

  /** Returns what was found, for people. */
  String text() {
    return name.isEmpty() ? "no NVIDIA device found" : name + " found";
  }
}
