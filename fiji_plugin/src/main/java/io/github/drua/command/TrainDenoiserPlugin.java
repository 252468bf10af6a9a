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
import io.github.drua.ui.TaskProgress;
import io.github.drua.ui.TrainDialog;
import io.github.drua.ui.TrainingWindow;
import java.awt.EventQueue;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The menu entry and macro command {@code Drua Train Denoiser...}: learns from the user's own
 * images, without clean ones if need be, and installs the model.
 */
public final class TrainDenoiserPlugin implements PlugIn {
  static final String COMMAND = "Drua Train Denoiser...";
  static final String PURPOSE = "to learn from";

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
    Runnable body = options == null ? () -> ask(image, recording) : () -> act(image, options);
    if (EventQueue.isDispatchThread()) {
      new Thread(() -> Guard.run(COMMAND, body), COMMAND).start();
    } else {
      Guard.run(COMMAND, body);
    }
  }

  private static void act(ImagePlus image, String options) {
    TrainParameters parameters = TrainParameters.from(MacroOptions.parse(options));
    TaskProgress progress = new TaskProgress();
    try {
      progress.update("starting the engine", 0, 0);
      Training trained = train(engine(progress), image, parameters, progress);
      trained.notes().forEach(note -> Guard.tell(trained.id() + ": " + note));
      IJ.log(trained.id() + ": " + trained.text());
    } finally {
      progress.finish();
    }
  }

  private static void ask(ImagePlus image, boolean recording) {
    if (!Guard.isWatched() || Interpreter.isBatchMode()) {
      throw TrainParameters.nobodyThere(COMMAND);
    }
    EnvironmentOffer.settle(Engines.get(), "The training waits.");
    EnvironmentOffer.settleTorch(Engines.get(), "The training waits.");
    TaskProgress progress = new TaskProgress();
    TrainDialog dialog;
    try {
      progress.update("starting the engine", 0, 0);
      dialog = new TrainDialog(image, installed(engine(progress), progress));
    } finally {
      progress.finish();
    }
    TrainParameters parameters = dialog.ask();
    if (recording) {
      Recorder.recordString(
          OptionsText.statement(COMMAND, parameters.toOptions(), Recorder.scriptMode()));
    }
    watch(image, parameters);
  }

  /** Trains while a person watches, who may end it early. */
  private static void watch(ImagePlus image, TrainParameters parameters) {
    TrainingWindow window =
        TrainingWindow.open(parameters.name(), parameters.training(), parameters.withoutClean());
    try {
      Training trained = train(engine(window), image, parameters, window);
      Runnable denoise =
          parameters.fromActiveImage()
              ? () -> denoise(image, trained.id(), parameters.channel())
              : null;
      window.done(trained.text(), trained.notes(), denoise);
    } catch (RuntimeException | Error e) {
      window.close();
      throw e;
    }
  }

  private static Training train(
      EngineClient engine, ImagePlus image, TrainParameters parameters, Progress progress) {
    parameters.checkPlace();
    try {
      return Training.of(engine, image, parameters, progress);
    } catch (RuntimeException e) {
      // Who has just tried to go on with it is told why that failed, and needs no advice to try.
      if (!parameters.resumes()
          && TrainParameters.holdsTraining(parameters.training().getParent(), parameters.name())) {
        Guard.tell(
            "what was learnt is in "
                + parameters.training()
                + "; 'Go on with the training of this name' (resume=true in a macro) goes on with"
                + " it");
      }
      throw e;
    }
  }

  /** Does what {@code Drua Denoise...} does with the model and the channels that were learnt. */
  private static void denoise(ImagePlus image, String model, String channel) {
    Guard.run(
        DenoisePlugin.COMMAND,
        () -> {
          if (WindowManager.getImage(image.getID()) != image) {
            throw closed(image, model);
          }
          TaskProgress progress = new TaskProgress(image);
          try {
            denoise(engine(progress), image, model, channel, progress);
          } finally {
            progress.finish();
          }
        });
  }

  private static EngineException closed(ImagePlus image, String model) {
    return new EngineException(
        ErrorCode.IMAGE,
        "the image '" + image.getTitle() + "', which the model learnt from, was closed",
        "run " + DenoisePlugin.COMMAND + " with model " + model + " on any other image");
  }

  private static void denoise(
      EngineClient engine, ImagePlus image, String model, String channel, Progress progress) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("model", model);
    options.put("channel", channel);
    DenoisePlugin plugin = new DenoisePlugin();
    ImageParameters parameters = plugin.fromOptions(engine, MacroOptions.of(options), progress);
    if (IJ.recording()) {
      Recorder.recordString(
          OptionsText.statement(
              DenoisePlugin.COMMAND, parameters.toOptions(), Recorder.scriptMode()));
    }
    plugin.show(engine, image, parameters, progress).tell(engine);
  }

  private static EngineClient engine(Progress progress) {
    EngineClient engine = Engines.get();
    EngineFit.check(engine, progress);
    return engine;
  }

  private static Set<String> installed(EngineClient engine, Progress progress) {
    Set<String> ids = new HashSet<>();
    Models.all(engine, progress).cards().forEach(card -> ids.add(card.id()));
    return ids;
  }
}
