package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.ImagePlus;
import ij.gui.Roi;
import ij.measure.ResultsTable;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import io.github.drua.engine.Result;
import io.github.drua.image.ImageBridge;
import io.github.drua.image.LabelImage;
import io.github.drua.image.Region;
import io.github.drua.image.Rois;
import io.github.drua.image.Table;
import io.github.drua.image.Titles;
import java.awt.GraphicsEnvironment;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** A segmented image: what was asked for, as ImageJ objects that nobody sees yet. */
final class Segmentation {
  private final ImagePlus input;
  private final SegmentParameters parameters;
  private final ImagePlus labels;
  private final Rois rois;
  private final ResultsTable table;
  private final List<String> notes;
  private final String run;
  private final EngineException saveError;

  private Segmentation(
      ImagePlus input, Region region, SegmentParameters parameters, Result result) {
    this.input = input;
    this.parameters = parameters;
    boolean outlined = parameters.wants("rois") || parameters.wants("overlay");
    labels = parameters.wants("labels") ? LabelImage.of(result, input, region) : null;
    rois = outlined ? Rois.of(result, region) : null;
    table = parameters.wants("table") ? Table.of(result) : null;
    notes = notes(result);
    run = result.outputs().get("run").toString();
    JsonValue error = result.outputs().get("save_error");
    saveError = error == null || error.isNull() ? null : EngineException.of(error.asObject());
  }

  private static List<String> notes(Result result) {
    JsonValue notes = result.outputs().get("run").asObject().get("notes");
    return notes == null
        ? Collections.emptyList()
        : notes.asArray().values().stream().map(JsonValue::asString).collect(Collectors.toList());
  }

  /** Segments an image, or its selection. */
  static Segmentation of(
      EngineClient engine, ImagePlus input, SegmentParameters parameters, Progress progress) {
    Region region = Region.of(input, parameters.currentPlane());
    JsonObject inputs =
        parameters
            .inputs(input.getTitle(), Titles.fileStem(input))
            .add("region", region.rectangle());
    try (Result result = engine.call("segment", inputs, new ImageBridge(input, region), progress)) {
      return new Segmentation(input, region, parameters, result);
    } catch (UnsupportedOperationException // how the JSON library says that a value is another
        // kind,
        | NullPointerException // or missing
        | IndexOutOfBoundsException
        | NumberFormatException e) {
      throw new EngineException(
          ErrorCode.PROTOCOL,
          "the engine returned a result that does not hold together (" + e.getMessage() + ")",
          "install plugin and engine of the same version",
          e);
    }
  }

  /** Returns the label image; null if it was not asked for. */
  ImagePlus labels() {
    return labels;
  }

  /** Returns one ROI for each object; null if they were not asked for. */
  List<Roi> rois() {
    return rois == null ? null : rois.separate(input);
  }

  /** Returns the provenance as JSON text. */
  String run() {
    return run;
  }

  /** Returns the measurements; null if they were not asked for. */
  ResultsTable table() {
    return table;
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
    if (labels != null) {
      labels.show();
    }
  }

  /** Tells what the engine had to do differently, for example for lack of memory. */
  void tellNotes() {
    notes.forEach(note -> Guard.tell(input.getTitle() + ": " + note));
  }

  /** Throws the error that kept files from being written; the result is complete all the same. */
  void checkSaved() {
    if (saveError != null) {
      throw saveError;
    }
  }
}
