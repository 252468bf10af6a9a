package io.github.drua.engine;

import ij.Prefs;
import java.io.File;

/**
 * The Python that runs the engine, and why it is that one.
 *
 * <p>Looked for in this order: the setting, which the dialog writes; the variable DRUA_PYTHON; the
 * plugin's own environment. Each may name a Python or the folder of a virtual environment. What is
 * named but does not exist is an error: another Python than the one asked for would be a surprise.
 */
public final class PythonEnvironment {
  /** Where users choose the Python. */
  static final String MENU = "Plugins > Drua > Drua Check Engine...";

  /** Where users make the plugin's own environment, and how macros do. */
  public static final String MAKE =
      "Plugins > Drua > Drua Python Environment... (in a macro:"
          + " run(\"Drua Python Environment...\", \"action=create\"))";

  private static final String SETTING = "drua.python";
  private static final String VARIABLE = "DRUA_PYTHON";

  private final File python;
  private final String origin;

  private PythonEnvironment(File python, String origin) {
    this.python = python;
    this.origin = origin;
  }

  /**
   * Finds the Python.
   *
   * @throws EngineException with code BACKEND_MISSING if there is none
   */
  public static PythonEnvironment find() {
    return find(Platform.current());
  }

  /**
   * Finds the Python of a system's user.
   *
   * @throws EngineException with code BACKEND_MISSING if there is none
   */
  public static PythonEnvironment find(Platform platform) {
    return find(Prefs.get(SETTING, ""), platform);
  }

  static PythonEnvironment find(String setting, Platform platform) {
    if (!setting.trim().isEmpty()) {
      return named(setting.trim(), "the setting", platform);
    }
    String variable = platform.variable(VARIABLE);
    if (!variable.isEmpty()) {
      return named(variable, VARIABLE, platform);
    }
    File own = new OwnEnvironment(platform).python();
    if (own != null) {
      return new PythonEnvironment(own, "the plugin's own environment");
    }
    throw nowhere(platform);
  }

  private static PythonEnvironment named(String path, String origin, Platform platform) {
    File file = new File(path);
    File python = file.isDirectory() ? platform.pythonOf(file) : file;
    if (!python.isFile() || !python.canExecute()) {
      throw new EngineException(
          ErrorCode.BACKEND_MISSING,
          "the Python " + path + " (" + origin + ") is no program that can be run",
          "correct it, or choose another Python in " + MENU);
    }
    return new PythonEnvironment(python.getAbsoluteFile(), origin);
  }

  private static EngineException nowhere(Platform platform) {
    OwnEnvironment own = new OwnEnvironment(platform);
    if (own.isBusy()) {
      return new EngineException(
          ErrorCode.BACKEND_MISSING,
          "the Python environment in " + own.folder() + " is being made right now",
          "wait until it is done, and run the command again");
    }
    return new EngineException(
        ErrorCode.BACKEND_MISSING,
        "there is no Python for the engine: the setting is empty, "
            + VARIABLE
            + " is not set, and there is no environment in "
            + own.folder(),
        "make one in " + MAKE + ", set " + VARIABLE + ", or choose a Python in " + MENU);
  }

  /** Returns the error for a Python that lacks a package of the engine, or the engine itself. */
  static EngineException without(String module, File python) {
    boolean own = new OwnEnvironment(Platform.current()).holds(python);
    return new EngineException(
        ErrorCode.BACKEND_MISSING,
        "the Python " + python + " has no package " + module,
        own
            ? "repair it in " + MAKE.replace("=create", "=repair")
            : "make an environment that has it in "
                + MAKE
                + ", or choose another Python in "
                + MENU);
  }

  /** Returns the Python. */
  public File python() {
    return python;
  }

  /** Returns what named it: the setting, DRUA_PYTHON or the plugin's own environment. */
  public String origin() {
    return origin;
  }

  /** Returns whether a person or the system has named a Python, whatever it is good for. */
  public static boolean isNamed() {
    return !Prefs.get(SETTING, "").trim().isEmpty()
        || !Platform.current().variable(VARIABLE).isEmpty();
  }

  /** Keeps a Python as the setting, empty for none; the engine that runs is ended. */
  public static void choose(String path) {
    if (!path.trim().equals(Prefs.get(SETTING, ""))) {
      Prefs.set(SETTING, path.trim());
      Prefs.savePreferences();
    }
    Engines.restart();
  }
}
