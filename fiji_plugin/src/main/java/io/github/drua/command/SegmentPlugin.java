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
import io.github.drua.ui.SegmentDialog;
import io.github.drua.ui.TaskProgress;
import java.awt.EventQueue;

/**
 * The menu entry and macro command {@code Drua Segment...}.
 *
 * <p>With options it asks nothing: the macro has said everything, and defaults stand for the rest.
 */
public final class SegmentPlugin implements PlugIn {
  static final String COMMAND = "Drua Segment...";

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
    Runnable body = () -> segment(image, options, recording);
    if (EventQueue.isDispatchThread()) {
      new Thread(() -> Guard.run(COMMAND, body), COMMAND).start();
    } else {
      Guard.run(COMMAND, body);
    }
  }

  private static void segment(ImagePlus image, String options, boolean recording) {
    checkImage(image);
    TaskProgress progress = new TaskProgress(image);
    try {
      if (options == null && isAnyoneThere()) {
        EnvironmentOffer.settle(Engines.get(), "The image waits.");
      }
      progress.update("starting the engine", 0, 0);
      EngineClient engine = Engines.get();
      EngineFit.check(engine, progress);
      ImageWatch.begin();
      SegmentParameters parameters =
          options == null
              ? ask(engine, image, progress)
              : fromOptions(engine, MacroOptions.parse(options), progress);
      if (recording) {
        Recorder.recordString(
            OptionsText.statement(COMMAND, parameters.toOptions(), Recorder.scriptMode()));
      }
      Segmentation result = Segmentation.of(engine, image, parameters, progress);
      result.show();
      result.tellNotes();
      result.checkSaved();
    } finally {
      progress.finish();
    }
  }

  /** Returns the parameters that options tell, checked by the card of the model they name. */
  static SegmentParameters fromOptions(
      EngineClient engine, MacroOptions options, Progress progress) {
    Card card = Models.card(engine, SegmentParameters.modelOf(options), progress);
    return SegmentParameters.from(options, card);
  }

  private static SegmentParameters ask(
      EngineClient engine, ImagePlus image, TaskProgress progress) {
    if (!isAnyoneThere()) {
      throw new EngineException(
          ErrorCode.SETTING,
          "there are no options, and nobody is there to be asked",
          "write run(\"" + COMMAND + "\", \"model=" + SegmentParameters.DEFAULT_MODEL + "\")");
    }
    SegmentDialog dialog =
        new SegmentDialog(image, Models.thatSegment(engine, progress), devices(engine));
    progress.clear();
    ImageWatch.expect(engine, image);
    return dialog.ask();
  }

  private static boolean isAnyoneThere() {
    return Guard.isWatched() && !Interpreter.isBatchMode();
  }

  private static String[] devices(EngineClient engine) {
    return engine.hello().get("devices").asArray().values().stream()
        .map(device -> device.asString())
        .toArray(String[]::new);
  }

  static void checkImage(ImagePlus image) {
    if (image == null) {
      throw new EngineException(
          ErrorCode.IMAGE, "no image is open, but there must be one to segment", "open an image");
    }
  }
}
