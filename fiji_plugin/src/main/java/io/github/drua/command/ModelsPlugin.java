package io.github.drua.command;

import ij.IJ;
import ij.Macro;
import ij.macro.Interpreter;
import ij.plugin.PlugIn;
import ij.plugin.frame.Recorder;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Engines;
import io.github.drua.engine.Progress;
import io.github.drua.environment.EngineFit;
import io.github.drua.ui.ModelsActions;
import io.github.drua.ui.ModelsDialog;
import io.github.drua.ui.TaskProgress;
import java.awt.EventQueue;

/**
 * The menu entry and macro command {@code Drua Models...}: lists, installs, tests and removes the
 * models.
 */
public final class ModelsPlugin implements PlugIn {
  static final String COMMAND = "Drua Models...";

  @Override
  public void run(String arg) {
    String options = Macro.getOptions();
    boolean asks = options == null && Guard.isWatched() && !Interpreter.isBatchMode();
    if (asks && IJ.recording()) {
      // Each button is recorded when it has done its work; to have opened the window is nothing.
      Recorder.disableCommandRecording();
    }
    Runnable body = asks ? ModelsPlugin::open : () -> act(options == null ? "" : options);
    if (EventQueue.isDispatchThread()) {
      new Thread(() -> Guard.run(COMMAND, body), COMMAND).start();
    } else {
      Guard.run(COMMAND, body);
    }
  }

  private static void open() {
    EnvironmentOffer.settle(Engines.get(), "The list of models opens after that.");
    ModelsDialog.show(new Actions());
  }

  static void act(String options) {
    ModelsParameters parameters = ModelsParameters.from(MacroOptions.parse(options));
    TaskProgress progress = new TaskProgress();
    try {
      progress.update("starting the engine", 0, 0);
      IJ.log(parameters.run(engine(progress), progress));
    } finally {
      progress.finish();
    }
  }

  private static EngineClient engine(Progress progress) {
    EngineClient engine = Engines.get();
    EngineFit.check(engine, progress);
    return engine;
  }

  /** What a person does in the window. */
  private static final class Actions implements ModelsActions {
    @Override
    public boolean attempt(Runnable body) {
      return Guard.attempt(COMMAND, body);
    }

    @Override
    public Inventory list(Progress progress) {
      return Models.all(engine(progress), progress);
    }

    @Override
    public Inspection inspect(String source, Progress progress) {
      return Models.inspect(engine(progress), source, progress);
    }

    @Override
    public String act(MacroOptions options, Inspection found, Progress progress) {
      ModelsParameters parameters = ModelsParameters.from(options);
      String told =
          found == null
              ? parameters.run(engine(progress), progress)
              : parameters.add(engine(progress), found, progress);
      if (IJ.recording()) {
        Recorder.recordString(
            OptionsText.statement(COMMAND, parameters.toOptions(), Recorder.scriptMode()));
      }
      return told;
    }
  }
}
