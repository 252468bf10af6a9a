package io.github.drua.environment;

import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Platform;
import java.io.File;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A Python that an environment can be made with: 3.10 to 3.14, 64 bit, with venv and pip. */
final class BasePython {
  private static final int OLDEST = 10;
  private static final int NEWEST = 14;
  private static final String RULE = "Python 3." + OLDEST + " to 3." + NEWEST;
  private static final long PATIENCE = 20_000;
  private static final String QUESTION =
      "import sys, importlib.util as u;"
          + "print('drua', sys.version_info[0], sys.version_info[1], sys.version_info[2],"
          + " int(sys.maxsize > 2**32), int(bool(u.find_spec('venv') and u.find_spec('ensurepip'))));"
          + "print(sys.executable)";

  private final String path;
  private final String version;

  private BasePython(String path, String version) {
    this.path = path;
    this.version = version;
  }

  /**
   * Finds the most suitable Python of this machine.
   *
   * @param needsVenv whether it must be able to make an environment by itself
   * @throws EngineException with code BACKEND_MISSING that tells what was found, and why it is of
   *     no use
   */
  static BasePython find(Platform platform, boolean needsVenv) {
    List<String> refused = new ArrayList<>();
    for (List<String> command : platform.pythons()) {
      try {
        return ask(command, needsVenv);
      } catch (EngineException e) {
        refused.add(e.message());
      }
    }
    String seen = refused.isEmpty() ? "there is no Python at all" : String.join(", ", refused);
    throw new EngineException(
        ErrorCode.BACKEND_MISSING,
        "no " + RULE + " was found: " + seen,
        platform.installPython() + ", or name one with python=[...]");
  }

  /**
   * Returns the Python of a path, a program or the folder of an environment.
   *
   * @throws EngineException with code SETTING if it is of no use
   */
  static BasePython named(String path, Platform platform, boolean needsVenv) {
    File file = new File(path).getAbsoluteFile();
    File python = file.isDirectory() ? platform.pythonOf(file) : file;
    if (!python.canExecute()) {
      throw refused(python.getPath(), "is no program that can be run");
    }
    return ask(Collections.singletonList(python.getPath()), needsVenv);
  }

  private static EngineException refused(String python, String why) {
    return new EngineException(
        ErrorCode.SETTING, "the Python " + python + " " + why, "name a " + RULE);
  }

  private static BasePython ask(List<String> command, boolean needsVenv) {
    String name = String.join(" ", command);
    List<String> question = new ArrayList<>(command);
    question.add("-c");
    question.add(QUESTION);
    Program.Output output = Program.quick(question, Collections.emptyMap(), PATIENCE);
    List<String> lines = output.lines();
    if (output.code() != 0 || lines.size() < 2 || !lines.get(0).startsWith("drua ")) {
      throw refused(name, "does not start");
    }
    String[] facts = lines.get(0).split(" ");
    String version = facts[1] + "." + facts[2] + "." + facts[3];
    int minor = Integer.parseInt(facts[2]);
    if (!facts[1].equals("3") || minor < OLDEST || minor > NEWEST) {
      throw refused(name, "is " + version + ", but must be " + RULE);
    }
    if (facts[4].equals("0")) {
      throw refused(name, "has 32 bits");
    }
    if (needsVenv && facts[5].equals("0")) {
      throw refused(name, "has no venv (apt-get install python3-venv)");
    }
    return new BasePython(lines.get(1).trim(), version);
  }

  /** Returns the program itself, whatever launcher was asked. */
  String path() {
    return path;
  }

  /** Returns for example {@code 3.12.4}. */
  String version() {
    return version;
  }
}
