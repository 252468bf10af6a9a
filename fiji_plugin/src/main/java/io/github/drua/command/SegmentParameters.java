package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Everything that decides what a segmentation gives, checked: what is returned, and the run. */
public final class SegmentParameters implements Parameters {
  /** The model that is used where none is named. */
  public static final String DEFAULT_MODEL = "nuclei-fluorescence";

  /** What a run can return. */
  public static final List<String> OUTPUTS =
      Collections.unmodifiableList(Arrays.asList("labels", "rois", "overlay", "table", "maps"));

  /** What a run returns where nothing is asked for. */
  public static final String DEFAULT_OUTPUT = "labels,rois";

  private final ModelParameters run;
  private final Set<String> outputs;

  private SegmentParameters(ModelParameters run, Set<String> outputs) {
    this.run = run;
    this.outputs = outputs;
  }

  /** Returns the parameters that options tell for the model of a card. */
  public static SegmentParameters from(MacroOptions options, Card card) {
    ModelParameters run =
        ModelParameters.from(
            options, card, modelOf(options), Collections.singletonList("output"), OUTPUTS);
    return new SegmentParameters(run, Outputs.of(options.get("output", DEFAULT_OUTPUT), OUTPUTS));
  }

  /** Returns the model that options name: needed to get the card by which they are checked. */
  public static String modelOf(MacroOptions options) {
    return ModelParameters.notEmpty("model", options.get("model", DEFAULT_MODEL));
  }

  @Override
  public Map<String, String> toOptions() {
    Map<String, String> common = run.toOptions();
    Map<String, String> all = new LinkedHashMap<>();
    all.put("model", common.get("model"));
    all.put("output", String.join(",", outputs));
    all.putAll(common);
    return all;
  }

  /** Returns the inputs of the engine's operation, but for the images. */
  JsonObject inputs(String title, String stem) {
    return run.inputs(title, stem)
        .add("outlines", wants("rois") || wants("overlay"))
        .add("maps", wants("maps"));
  }

  /** Returns what every run of a model is told. */
  ModelParameters run() {
    return run;
  }

  /** Returns whether an output was asked for. */
  boolean wants(String output) {
    return outputs.contains(output);
  }
}
