package io.github.drua.environment;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The command lines of a plan, for pip and for uv. */
final class Commands {
  private static final String PIP_WITH_PROGRESS = "pip>=24.1,<27";

  private final Plan plan;
  private final Path target;
  private final String python;

  /**
   * Prepares the commands.
   *
   * @param target folder of the new environment
   * @param python the Python of the new environment
   */
  Commands(Plan plan, Path target, String python) {
    this.plan = plan;
    this.target = target;
    this.python = python;
  }

  /** Returns what makes the empty environment. */
  List<String> make() {
    if (plan.uv() != null) {
      return Arrays.asList(
          plan.uv().toString(), "venv", "--python", plan.pythonForUv(), target.toString());
    }
    return Arrays.asList(plan.base().path(), "-m", "venv", target.toString());
  }

  /** Returns what brings a pip that tells its progress; null where that is of no use. */
  List<String> renewPip() {
    if (plan.uv() != null || plan.wheels() != null) {
      return null;
    }
    List<String> command = new ArrayList<>(pip());
    command.addAll(Arrays.asList("--upgrade", "--progress-bar", "off", PIP_WITH_PROGRESS));
    return command;
  }

  /** Returns what installs the engine and all that it needs, in the versions of the pins. */
  List<String> install(Path wheel, Path pins) {
    List<String> command = new ArrayList<>();
    if (plan.uv() != null) {
      command.addAll(
          Arrays.asList(
              plan.uv().toString(), "pip", "install", "--python", python, "--link-mode", "copy"));
    } else {
      command.addAll(pip());
      // The engine compiles what it imports; the rest would be most of the work.
      command.addAll(Arrays.asList("--no-compile", "--progress-bar"));
      command.add(plan.wheels() == null ? "raw" : "off");
    }
    if (plan.wheels() != null) {
      command.addAll(Arrays.asList("--no-index", "--find-links", plan.wheels().toString()));
    }
    // Wheels only: to build from sources needs compilers and runs what a package says.
    command.addAll(Arrays.asList("--only-binary", ":all:"));
    command.addAll(Arrays.asList("--constraint", pins.toString()));
    command.add(wheel + "[" + plan.build().word() + "]");
    return command;
  }

  /** Returns what runs a network on every device and prints one JSON object. */
  List<String> test() {
    return Arrays.asList(python, "-c", "from drua.cli import main; main()", "check", "--json");
  }

  private List<String> pip() {
    return Arrays.asList(
        python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check");
  }
}
