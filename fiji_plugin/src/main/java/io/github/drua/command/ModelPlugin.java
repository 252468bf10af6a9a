package io.github.drua.command;

import ij.IJ;
import ij.ImagePlus;
import ij.Macro;
import ij.WindowManager;
import ij.macro.Interpreter;
import ij.plugin.PlugIn;
import ij.plugin.frame.Recorder;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Engines;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import io.github.drua.environment.EngineFit;
import io.github.drua.ui.ModelDialog;
import io.github.drua.ui.TaskProgress;
import java.awt.EventQueue;
import java.util.ArrayList;
import java.util.List;

/**
 * A menu entry and macro command that runs a model on the active image.
 *
 * <p>With options it asks nothing: the macro has said everything, and defaults stand for the rest.
 *
 * @param <P> what decides the result
 */
abstract class ModelPlugin<P extends Parameters> implements PlugIn {
  private final String command;
  private final String purpose;
  private final String example;

  /**
   * Names the command.
   *
   * @param purpose what an image is needed for, after "there must be one"
   * @param example a model for a first try; may be empty
   */
  ModelPlugin(String command, String purpose, String example) {
    this.command = command;
    this.purpose = purpose;
    this.example = example.isEmpty() ? "ID" : example;
  }

  /** Returns the parameters that options tell, checked by the card of the model they name. */
  abstract P fromOptions(EngineClient engine, MacroOptions options, Progress progress);

  /** Returns the models that a person can choose from; at least one. */
  abstract List<Card> cards(EngineClient engine, Progress progress);

  /** Returns the dialog that asks a person. */
  abstract ModelDialog<P> dialog(ImagePlus image, List<Card> cards, List<String> devices);

  /** Runs the model and shows what comes of it. */
  abstract Outcome show(EngineClient engine, ImagePlus image, P parameters, Progress progress);

  @Override
  public void run(String arg) {
    // Options and current image belong to the calling thread.
    String options = Macro.getOptions();
    ImagePlus image = WindowManager.getCurrentImage();
    boolean recording = IJ.recording() && options == null;
    if (recording) {
      // ImageJ would record what the dialog's fields say, which cannot be replayed.
      Recorder.disableCommandRecording();
    }
    Runnable body = () -> run(image, options, recording);
    if (EventQueue.isDispatchThread()) {
      new Thread(() -> Guard.run(command, body), command).start();
    } else {
      Guard.run(command, body);
    }
  }

  private void run(ImagePlus image, String options, boolean recording) {
    checkImage(image, purpose);
    TaskProgress progress = new TaskProgress(image);
    try {
      if (options == null && isAnyoneThere()) {
        EnvironmentOffer.settle(Engines.get(), "The image waits.");
      }
      progress.update("starting the engine", 0, 0);
      EngineClient engine = Engines.get();
      EngineFit.check(engine, progress);
      ImageWatch.begin();
      P parameters =
          options == null
              ? ask(engine, image, progress)
              : fromOptions(engine, MacroOptions.parse(options), progress);
      if (recording) {
        Recorder.recordString(
            OptionsText.statement(command, parameters.toOptions(), Recorder.scriptMode()));
      }
      show(engine, image, parameters, progress).tell(engine);
    } finally {
      progress.finish();
    }
  }

  private P ask(EngineClient engine, ImagePlus image, TaskProgress progress) {
    if (!isAnyoneThere()) {
      throw new EngineException(
          ErrorCode.SETTING,
          "there are no options, and nobody is there to be asked",
          "write run(\"" + command + "\", \"model=" + example + "\")");
    }
    ModelDialog<P> dialog = dialog(image, cards(engine, progress), devices(engine));
    progress.clear();
    ImageWatch.expect(engine, image);
    return dialog.ask();
  }

  private static boolean isAnyoneThere() {
    return Guard.isWatched() && !Interpreter.isBatchMode();
  }

  private static List<String> devices(EngineClient engine) {
    List<String> devices = new ArrayList<>();
    engine.hello().get("devices").asArray().forEach(device -> devices.add(device.asString()));
    return devices;
  }

  /** Throws if there is no image, or no longer. */
  static void checkImage(ImagePlus image, String purpose) {
    if (image == null) {
      throw new EngineException(
          ErrorCode.IMAGE, "no image is open, but there must be one " + purpose, "open an image");
    }
    OpenImages.checkKept(image);
  }
}
