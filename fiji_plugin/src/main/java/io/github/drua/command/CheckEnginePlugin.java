package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import ij.IJ;
import ij.Macro;
import ij.plugin.PlugIn;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Engines;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import io.github.drua.environment.EngineFit;
import io.github.drua.environment.EngineWheel;
import io.github.drua.ui.CheckEngineDialog;

/**
 * The menu entry and macro command {@code Drua Check Engine...}: which Python runs the engine, what
 * it has, and which devices really work.
 */
public final class CheckEnginePlugin implements PlugIn {
  static final String COMMAND = "Drua Check Engine...";

  @Override
  public void run(String arg) {
    String options = Macro.getOptions();
    if (options == null && Guard.isWatched()) {
      CheckEngineDialog.show(CheckEnginePlugin::reportOrError);
      return;
    }
    Guard.run(
        COMMAND,
        () -> {
          checkNone(options);
          IJ.log(report());
        });
  }

  private static void checkNone(String options) {
    if (options != null && !options.trim().isEmpty()) {
      throw new EngineException(
          ErrorCode.SETTING,
          COMMAND + " has no options, but got '" + options.trim() + "'",
          "write run(\"" + COMMAND + "\", \" \")");
    }
  }

  private static String report() {
    JsonObject inputs = new JsonObject().add("benchmark", true);
    String text = Engines.get().call("check", inputs, Progress.NONE).getString("text", "");
    return text + "\nRoute      " + Engines.get().route() + "\nPlugin     " + fit();
  }

  private static String fit() {
    String version = new EngineWheel().version();
    try {
      EngineFit.check(Engines.get(), Progress.NONE);
      return version;
    } catch (EngineException e) {
      return version + ": " + e.getMessage();
    }
  }

  private static String reportOrError() {
    try {
      return report();
    } catch (EngineException e) {
      return e.message() + "\n\n" + e.remedy();
    }
  }
}
