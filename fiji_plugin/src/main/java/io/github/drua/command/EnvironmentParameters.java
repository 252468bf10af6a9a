package io.github.drua.command;

import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.environment.Build;
import io.github.drua.environment.BuildProgress;
import io.github.drua.environment.Choice;
import io.github.drua.environment.Environments;
import java.io.File;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What to do with the plugin's own Python environment, checked; the same for menu and macro. */
public final class EnvironmentParameters {
  /** What can be done. */
  public static final List<String> ACTIONS =
      Collections.unmodifiableList(
          Arrays.asList("report", "create", "update", "repair", "delete", "use"));

  private static final List<String> MAKING = Arrays.asList("create", "update", "repair");
  private static final List<String> KEYS = Arrays.asList("action", "python", "wheels", "device");
  private static final List<String> DEVICES = Arrays.asList("auto", "cpu", "nvidia", "torch");

  private final String action;
  private final String python;
  private final String wheels;
  private final String device;

  private EnvironmentParameters(MacroOptions options) {
    action = ModelParameters.word("action", options.get("action", "report"), ACTIONS);
    python = absolute(options.get("python", ""));
    wheels = absolute(options.get("wheels", ""));
    device = ModelParameters.word("device", options.get("device", "auto"), DEVICES);
    boolean making = MAKING.contains(action);
    refuse("python", !python.isEmpty() && !making && !action.equals("use"));
    refuse("wheels", !wheels.isEmpty() && !making);
    refuse("device", !device.equals("auto") && !making);
    if (action.equals("use") && python.isEmpty()) {
      throw error("action is 'use', but no python is named", "write python=[/path/to/python]");
    }
  }

  /** Returns the parameters that options tell. */
  public static EnvironmentParameters from(MacroOptions options) {
    options.allowOnly(KEYS);
    return new EnvironmentParameters(options);
  }

  /** Returns every parameter as options that give these parameters again. */
  public Map<String, String> toOptions() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("action", action);
    all.put("python", slashes(python));
    all.put("wheels", slashes(wheels));
    all.put("device", device);
    return all;
  }

  /** Does it; takes long. */
  void run(Environments environments, BuildProgress progress) {
    Choice choice = new Choice(python, wheels, Build.of(device));
    switch (action) {
      case "create":
        environments.create(choice, progress);
        break;
      case "update":
        environments.update(choice, progress);
        break;
      case "repair":
        environments.repair(choice, progress);
        break;
      case "delete":
        environments.delete();
        break;
      case "use":
        environments.use(python);
        break;
      default: // the report alone
        break;
    }
  }

  private void refuse(String key, boolean given) {
    if (given) {
      throw error(key + " means nothing to action=" + action, "leave it out");
    }
  }

  private static String absolute(String path) {
    return path.trim().isEmpty() ? "" : new File(path.trim()).getAbsolutePath();
  }

  private static String slashes(String path) {
    return File.separatorChar == '\\' ? path.replace('\\', '/') : path;
  }

  private static EngineException error(String message, String remedy) {
    return new EngineException(ErrorCode.SETTING, message, remedy);
  }
}
