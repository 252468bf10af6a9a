package io.github.drua.command;

import ij.ImagePlus;
import ij.gui.Roi;
import ij.measure.ResultsTable;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import io.github.drua.engine.Result;
import io.github.drua.image.LabelImage;
import io.github.drua.image.Maps;
import io.github.drua.image.Region;
import io.github.drua.image.Rois;
import io.github.drua.image.Table;
import io.github.drua.image.Titles;
import java.awt.GraphicsEnvironment;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A segmented image: what was asked for, as ImageJ objects that nobody sees yet. */
final class Segmentation {
  private final ImagePlus input;
  private final SegmentParameters parameters;
  private final ImagePlus labels;
  private final Rois rois;
  private final ResultsTable table;
  private final Map<String, ImagePlus> maps;
  private final Outcome outcome;

  private Segmentation(
      ImagePlus input, Region region, SegmentParameters parameters, Result result) {
    this.input = input;
    this.parameters = parameters;
    boolean outlined = parameters.wants("rois") || parameters.wants("overlay");
    labels = parameters.wants("labels") ? LabelImage.of(result, input, region) : null;
    rois = outlined ? Rois.of(result, region) : null;
    table = parameters.wants("table") ? Table.of(result) : null;
    maps = parameters.wants("maps") ? Maps.of(result, input, region) : Collections.emptyMap();
    outcome = Outcome.of(input, result);
  }

  /**
   * Segments an image, or its selection.
   *
   * @param given images for further inputs of the model that the parameters do not name
   */
  static Segmentation of(
      EngineClient engine,
      ImagePlus input,
      SegmentParameters parameters,
      Map<String, ImagePlus> given,
      Progress progress) {
    ModelCall call = new ModelCall(input, parameters.run(), given);
    return call.run(
        engine,
        "segment",
        parameters.inputs(input.getTitle(), Titles.fileStem(input)),
        progress,
        result -> new Segmentation(input, call.region(), parameters, result));
  }

  /** Returns the label image; null if it was not asked for. */
  ImagePlus labels() {
    return labels;
  }

  /** Returns one ROI for each object; null if they were not asked for. */
  List<Roi> rois() {
    return rois == null ? null : rois.separate(input);
  }

  /** Returns the measurements; null if they were not asked for. */
  ResultsTable table() {
    return table;
  }

  /** Returns what the network gives by name; empty if it was not asked for. */
  Map<String, ImagePlus> maps() {
    return maps;
  }

  /** Returns how it was done, and what went wrong. */
  Outcome outcome() {
    return outcome;
  }

  /** Puts ROIs where ImageJ has them: over the input, in the ROI Manager, or in an overlay. */
  void placeRois() {
    if (parameters.wants("overlay")) {
      rois.drawOver(input);
    }
    if (!parameters.wants("rois")) {
      return;
    }
    if (GraphicsEnvironment.isHeadless()) {
      // The ROI Manager is a window.
      rois.addToOverlay(labels == null ? input : labels);
    } else {
      rois.addToManager(input);
    }
  }

  /** Shows everything; the label image comes last, so that it is the active one. */
  void show() {
    placeRois();
    if (table != null) {
      Table.show(table, input);
    }
    Maps.show(maps);
    if (labels != null) {
      labels.show();
    }
  }
}
