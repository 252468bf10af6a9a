package io.github.drua.command;

import ij.ImagePlus;
import ij.gui.Roi;
import ij.measure.ResultsTable;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Engines;
import io.github.drua.engine.Progress;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * A segmentation for the program that hosts this ImageJ, such as Python over JPype: nothing is
 * shown, nobody is asked, and errors are thrown.
 */
public final class SegmentHost {
  private final Segmentation result;

  private SegmentHost(Segmentation result) {
    this.result = result;
  }

  /**
   * Segments an image, or the bounds of its selection, in all slices and frames.
   *
   * @param options keys and values as in a macro
   * @param inputs the images for the model's further inputs by name, as far as options name none
   * @param progress is told and asked on the calling thread
   * @throws io.github.drua.engine.EngineException if it fails
   * @throws io.github.drua.engine.CancelledException if the progress asked to stop
   */
  public static SegmentHost segment(
      ImagePlus image,
      Map<String, String> options,
      Map<String, ImagePlus> inputs,
      Progress progress) {
    GuestThread.equip();
    ModelPlugin.checkImage(image, SegmentPlugin.PURPOSE);
    EngineClient engine = Engines.get();
    SegmentParameters parameters =
        SegmentPlugin.parameters(engine, MacroOptions.of(options), progress);
    return new SegmentHost(Segmentation.of(engine, image, parameters, inputs, progress));
  }

  /** Returns the label image; null if it was not asked for. */
  public ImagePlus labels() {
    return result.labels();
  }

  /** Returns one ROI for each object, with its position; null if they were not asked for. */
  public List<Roi> rois() {
    return result.rois();
  }

  /** Returns the measurements; null if they were not asked for. */
  public ResultsTable table() {
    return result.table();
  }

  /** Returns what the network gives by name; empty if it was not asked for. */
  public Map<String, ImagePlus> maps() {
    return Collections.unmodifiableMap(result.maps());
  }

  /** Returns the provenance as JSON text. */
  public String run() {
    return result.outcome().run();
  }
}
