package io.github.drua.command;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Everything that decides what a denoised or stained image is, checked. */
public final class ImageParameters implements Parameters {
  private final ImageTask task;
  private final ModelParameters run;
  private final Set<String> outputs;
  private final String type;

  private ImageParameters(ImageTask task, MacroOptions options, ModelParameters run) {
    this.task = task;
    this.run = run;
    outputs = Outputs.of(options.get("output", task.outputs().get(0)), task.outputs());
    List<String> types = task.types();
    type =
        types.isEmpty()
            ? null
            : ModelParameters.word("type", options.get("type", types.get(0)), types);
  }

  /** Returns the parameters that options tell for the model of a card. */
  public static ImageParameters from(ImageTask task, MacroOptions options, Card card) {
    List<String> ours = new ArrayList<>();
    ours.add("output");
    if (!task.types().isEmpty()) {
      ours.add("type");
    }
    ModelParameters run =
        ModelParameters.from(options, card, modelOf(task, options), ours, task.outputs());
    return new ImageParameters(task, options, run);
  }

  /** Returns the model that options name: needed to get the card by which they are checked. */
  static String modelOf(ImageTask task, MacroOptions options) {
    return task.defaultModel().isEmpty()
        ? ModelParameters.modelOf(options)
        : ModelParameters.notEmpty("model", options.get("model", task.defaultModel()));
  }

  @Override
  public Map<String, String> toOptions() {
    Map<String, String> common = run.toOptions();
    Map<String, String> all = new LinkedHashMap<>();
    all.put("model", common.get("model"));
    all.put("output", String.join(",", outputs));
    if (type != null) {
      all.put("type", type);
    }
    all.putAll(common);
    return all;
  }

  /** Returns the inputs of the engine's operation, but for the images. */
  JsonObject inputs(String title, String stem) {
    JsonObject inputs = run.inputs(title, stem);
    inputs.add("outputs", Json.array(outputs.toArray(new String[0])));
    return type == null ? inputs : inputs.add("type", type);
  }

  /** Returns the task. */
  ImageTask task() {
    return task;
  }

  /** Returns what every run of a model is told. */
  ModelParameters run() {
    return run;
  }
}
