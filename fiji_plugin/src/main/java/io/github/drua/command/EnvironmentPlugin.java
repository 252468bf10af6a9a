package io.github.drua.command;

import ij.IJ;
import ij.Macro;
import ij.plugin.PlugIn;
import ij.plugin.frame.Recorder;
import io.github.drua.environment.BuildProgress;
import io.github.drua.environment.Environments;
import io.github.drua.ui.EnvironmentDialog;
import io.github.drua.ui.EnvironmentProgress;
import io.github.drua.ui.TaskProgress;
import java.awt.EventQueue;

/**
 * The menu entry and macro command {@code Drua Python Environment...}: makes, renews and deletes
 * the Python environment that the engine runs in.
 */
public final class EnvironmentPlugin implements PlugIn {
  static final String COMMAND = "Drua Python Environment...";

  @Override
  public void run(String arg) {
    String options = Macro.getOptions();
    if (options == null && Guard.isWatched()) {
      if (IJ.recording()) {
        // Each button is recorded when it is pressed; to have opened the window is nothing.
        Recorder.disableCommandRecording();
      }
      EnvironmentDialog.show(new Environments(), EnvironmentPlugin::press);
      return;
    }
    Runnable body = () -> act(options == null ? "" : options);
    if (EventQueue.isDispatchThread()) {
      new Thread(() -> Guard.run(COMMAND, body), COMMAND).start();
    } else {
      Guard.run(COMMAND, body);
    }
  }

  private static void act(String options) {
    EnvironmentParameters parameters = EnvironmentParameters.from(MacroOptions.parse(options));
    Environments environments = new Environments();
    TaskProgress progress = new TaskProgress();
    try {
      parameters.run(environments, BuildProgress.on(progress));
    } finally {
      progress.finish();
    }
    IJ.log(environments.report());
  }

  /** Does what a person has chosen in the window, on the calling thread. */
  private static void press(MacroOptions options) {
    Guard.run(
        COMMAND,
        () -> {
          EnvironmentParameters parameters = EnvironmentParameters.from(options);
          if (IJ.recording()) {
            Recorder.recordString(
                OptionsText.statement(COMMAND, parameters.toOptions(), Recorder.scriptMode()));
          }
          make(parameters);
        });
  }

  /** Does it while a person watches, and may cancel it. */
  static void make(EnvironmentParameters parameters) {
    try (EnvironmentProgress window = EnvironmentProgress.open()) {
      parameters.run(new Environments(), window);
    }
  }
}
