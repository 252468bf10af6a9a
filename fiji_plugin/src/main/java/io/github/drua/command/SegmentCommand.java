package io.github.drua.command;

import ij.ImagePlus;
import ij.measure.ResultsTable;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import java.util.Collections;
import org.scijava.ItemIO;
import org.scijava.command.Command;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;

/** Segmentation for scripts. */
@Plugin(type = Command.class, headless = true)
public final class SegmentCommand extends ScriptCommand {
  @Parameter(type = ItemIO.OUTPUT)
  private ImagePlus labels;

  @Parameter(type = ItemIO.OUTPUT)
  private ResultsTable table;

  /** Creates the command. */
  public SegmentCommand() {
    super(SegmentPlugin.PURPOSE, SegmentParameters.DEFAULT_MODEL, SegmentParameters.DEFAULT_OUTPUT);
  }

  @Override
  Outcome work(EngineClient engine, ImagePlus image, MacroOptions options, Progress progress) {
    SegmentParameters parameters = SegmentPlugin.parameters(engine, options, progress);
    Segmentation result =
        Segmentation.of(engine, image, parameters, Collections.emptyMap(), progress);
    result.placeRois();
    labels = result.labels();
    table = result.table();
    return result.outcome();
  }
}
