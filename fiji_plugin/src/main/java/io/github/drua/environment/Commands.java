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

  /**
   * Returns what puts packages into a folder; pip skips what is there already, and each call is
   * complete or leaves nothing.
   *
   * @param requirements lines of the pins
   */
  List<String> download(List<String> requirements, Path folder) {
    List<String> command = new ArrayList<>();
    command.addAll(Arrays.asList(python, "-m", "pip", "download", "--no-input", "--no-deps"));
    command.addAll(Arrays.asList("--disable-pip-version-check", "--progress-bar", "raw"));
    command.addAll(Arrays.asList("--only-binary", ":all:", "--dest", folder.toString()));
    command.addAll(requirements);
    return command;
  }

  /**
   * Returns what installs the engine and exactly what the pins say.
   *
   * @param wheels the folder that all packages come from; null for the network
   */
  List<String> install(Path wheel, Path pins, Path wheels) {
    List<String> command = new ArrayList<>();
    if (plan.uv() != null) {
      command.addAll(
          Arrays.asList(
              plan.uv().toString(), "pip", "install", "--python", python, "--link-mode", "copy"));
    } else {
      command.addAll(pip());
      // The engine compiles what it imports; the rest would be most of the work.
      command.addAll(Arrays.asList("--no-compile", "--progress-bar", "off"));
    }
    if (wheels != null) {
      command.addAll(Arrays.asList("--no-index", "--find-links", wheels.toString()));
    }
    // Wheels only: to build from sources needs compilers and runs what a package says.
    command.addAll(Arrays.asList("--only-binary", ":all:", "--no-deps"));
    command.addAll(Arrays.asList("--requirement", pins.toString(), wheel.toString()));
    return command;
  }

  /** Returns what runs a network on every device, with all there is, and prints a JSON object. */
  List<String> test() {
    String first = plan.build() == Build.TORCH ? "import torch; " : "";
    String program = first + "from drua.cli import main; main()";
    return Arrays.asList(python, "-c", program, "check", "--json");
  }

  private List<String> pip() {
    return Arrays.asList(
        python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check");
  }
}
