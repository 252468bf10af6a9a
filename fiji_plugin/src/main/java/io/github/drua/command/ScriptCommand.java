package io.github.drua.command;

import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Engines;
import io.github.drua.engine.Progress;
import io.github.drua.environment.EngineFit;
import io.github.drua.ui.TaskProgress;
import java.util.LinkedHashMap;
import java.util.Map;
import org.scijava.ItemIO;
import org.scijava.command.Command;
import org.scijava.plugin.Parameter;

/**
 * A command for scripts: the same parameters and results as its menu entry, but returned instead of
 * shown, and errors thrown.
 */
abstract class ScriptCommand implements Command {
  private final String purpose;
  private final String defaultModel;
  private final String defaultOutput;

  // Lower-case names, because macros see them so; never persisted, so that a script's result
  // depends on the script alone.
  @Parameter(persist = false)
  private ImagePlus image;

  /** As in a macro; empty for the default. */
  @Parameter(persist = false, required = false)
  private String model = "";

  /** As in a macro; empty for the default. */
  @Parameter(persist = false, required = false)
  private String output = "";

  @Parameter(persist = false, required = false)
  private String save = "";

  @Parameter(persist = false, required = false)
  private String planes = "all";

  @Parameter(persist = false, required = false)
  private String channel = "0";

  @Parameter(persist = false, required = false)
  private String device = "auto";

  /** The model's settings and further images as {@code name=value input_name=[title]}. */
  @Parameter(persist = false, required = false)
  private String settings = "";

  @Parameter(type = ItemIO.OUTPUT)
  private String status;

  ScriptCommand(String purpose, String defaultModel, String defaultOutput) {
    this.purpose = purpose;
    this.defaultModel = defaultModel;
    this.defaultOutput = defaultOutput;
  }

  /** Does the work, keeps what the script gets, and returns how it went. */
  abstract Outcome work(
      EngineClient engine, ImagePlus image, MacroOptions options, Progress progress);

  /** Adds what this command can be told beside every other. */
  void addMore(Map<String, String> options) {
    // nothing
  }

  @Override
  public final void run() {
    try {
      work();
      Status.done();
    } catch (RuntimeException e) {
      Status.ended(e);
      throw e;
    } finally {
      status = Status.last().toString();
    }
  }

  private void work() {
    ModelPlugin.checkImage(image, purpose);
    TaskProgress progress = new TaskProgress(image);
    try {
      EngineClient engine = Engines.get();
      EngineFit.check(engine, progress);
      work(engine, image, options(), progress).tell(engine);
    } finally {
      progress.finish();
    }
  }

  private MacroOptions options() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("model", model.isEmpty() ? defaultModel : model);
    values.put("output", output.isEmpty() ? defaultOutput : output);
    values.put("save", save);
    values.put("planes", planes);
    values.put("channel", channel);
    values.put("device", device);
    addMore(values);
    return MacroOptions.of(values).and(MacroOptions.parse(settings));
  }
}
