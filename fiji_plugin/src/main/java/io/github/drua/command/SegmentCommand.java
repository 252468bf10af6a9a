package io.github.drua.command;

import ij.ImagePlus;
import ij.measure.ResultsTable;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Engines;
import io.github.drua.environment.EngineFit;
import io.github.drua.ui.TaskProgress;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.scijava.ItemIO;
import org.scijava.command.Command;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;

/**
 * Segmentation for scripts: the same parameters and results as {@code Drua Segment...}, but
 * returned instead of shown, and errors thrown.
 */
@Plugin(type = Command.class, headless = true)
public final class SegmentCommand implements Command {
  // Lower-case names, because macros see them so; never persisted, so that a script's result
  // depends on the script alone.
  @Parameter(persist = false)
  private ImagePlus image;

  @Parameter(persist = false, required = false)
  private String model = SegmentParameters.DEFAULT_MODEL;

  @Parameter(persist = false, required = false)
  private String output = SegmentParameters.DEFAULT_OUTPUT;

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
  private ImagePlus labels;

  @Parameter(type = ItemIO.OUTPUT)
  private ResultsTable table;

  @Parameter(type = ItemIO.OUTPUT)
  private String status;

  @Override
  public void run() {
    try {
      segment();
      Status.done();
    } catch (RuntimeException e) {
      Status.ended(e);
      throw e;
    } finally {
      status = Status.last().toString();
    }
  }

  private void segment() {
    ModelPlugin.checkImage(image, SegmentPlugin.PURPOSE);
    TaskProgress progress = new TaskProgress(image);
    try {
      EngineClient engine = Engines.get();
      EngineFit.check(engine, progress);
      SegmentParameters parameters = SegmentPlugin.parameters(engine, options(), progress);
      Segmentation result =
          Segmentation.of(engine, image, parameters, Collections.emptyMap(), progress);
      result.placeRois();
      labels = result.labels();
      table = result.table();
      result.outcome().tell();
    } finally {
      progress.finish();
    }
  }

  private MacroOptions options() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("model", model);
    values.put("output", output);
    values.put("save", save);
    values.put("planes", planes);
    values.put("channel", channel);
    values.put("device", device);
    return MacroOptions.of(values).and(MacroOptions.parse(settings));
  }
}
