package io.github.drua.command;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Everything that decides what a segmentation gives, checked; the same for menu, macro and script.
 *
 * <p>An absent option has its documented default, never the value used last.
 */
public final class SegmentParameters {
  /** The model that is used where none is named. */
  public static final String DEFAULT_MODEL = "nuclei-fluorescence";

  /** What a run can return. */
  public static final List<String> OUTPUTS =
      Collections.unmodifiableList(Arrays.asList("labels", "rois", "overlay", "table"));

  /** What a run returns where nothing is asked for. */
  public static final String DEFAULT_OUTPUT = "labels,rois";

  private static final List<String> KEYS =
      Collections.unmodifiableList(
          Arrays.asList("model", "output", "save", "planes", "channel", "device"));

  private final Card card;
  private final String model;
  private final Set<String> outputs;
  private final String save;
  private final boolean currentPlane;
  private final int channel;
  private final String device;
  private final Map<String, String> settings = new LinkedHashMap<>();

  private SegmentParameters(MacroOptions options, Card card) {
    this.card = card;
    model = modelOf(options);
    outputs = outputs(options.get("output", DEFAULT_OUTPUT));
    save = absolute(options.get("save", ""));
    currentPlane = "current".equals(word("planes", options.get("planes", "all"), "all", "current"));
    channel = channel(options.get("channel", "0"));
    device = notEmpty("device", options.get("device", "auto"));
    for (Setting setting : card.settings()) {
      settings.put(setting.name(), setting.check(options.get(setting.name(), setting.standard())));
    }
  }

  /** Returns the parameters that options tell for the model of a card. */
  public static SegmentParameters from(MacroOptions options, Card card) {
    List<String> keys = new ArrayList<>(KEYS);
    card.settings().forEach(setting -> keys.add(setting.name()));
    options.allowOnly(keys);
    return new SegmentParameters(options, card);
  }

  /** Returns the model that options name: needed to get the card by which they are checked. */
  public static String modelOf(MacroOptions options) {
    return notEmpty("model", options.get("model", DEFAULT_MODEL));
  }

  /** Returns every parameter as options that give these parameters again. */
  public Map<String, String> toOptions() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("model", model);
    all.put("output", String.join(",", outputs));
    all.put("save", File.separatorChar == '\\' ? save.replace('\\', '/') : save);
    all.put("planes", currentPlane ? "current" : "all");
    all.put("channel", Integer.toString(channel));
    all.put("device", device);
    all.putAll(settings);
    return all;
  }

  /** Returns the inputs of the engine's operation, but for the image. */
  JsonObject inputs(String title, String stem) {
    JsonObject values = new JsonObject();
    card.settings()
        .forEach(setting -> values.add(setting.name(), setting.json(settings.get(setting.name()))));
    return new JsonObject()
        .add("model", model)
        .add("settings", values)
        .add("channel", channel)
        .add("device", device)
        .add("outlines", wants("rois") || wants("overlay"))
        .add(
            "save",
            save.isEmpty() ? Json.NULL : new JsonObject().add("folder", save).add("stem", stem))
        .add("source", title);
  }

  /** Returns whether an output was asked for. */
  boolean wants(String output) {
    return outputs.contains(output);
  }

  /** Returns whether only the current slice and frame are to be segmented. */
  boolean currentPlane() {
    return currentPlane;
  }

  private static Set<String> outputs(String list) {
    notEmpty("output", list);
    Set<String> named = new LinkedHashSet<>();
    for (String name : list.split(",", -1)) {
      if (!named.add(word("output", name.trim(), OUTPUTS.toArray(new String[0])))) {
        throw error("output names '" + name.trim() + "' twice", "name it once");
      }
    }
    // One order, so that the same choice is always written the same.
    Set<String> ordered = new LinkedHashSet<>(OUTPUTS);
    ordered.retainAll(named);
    return ordered;
  }

  private static String word(String key, String value, String... words) {
    List<String> valid = Arrays.asList(words);
    if (!valid.contains(value)) {
      throw error(
          key + " is '" + value + "', but must be of " + String.join(", ", valid),
          "write " + key + "=" + Suggestion.nearest(value, valid));
    }
    return value;
  }

  private static int channel(String value) {
    if (!value.matches("[0-9]{1,6}")) {
      throw error(
          "channel is '" + value + "', but must be a number from 1, or 0 for the only channel",
          "write channel=1 for the first channel");
    }
    return Integer.parseInt(value);
  }

  private static String notEmpty(String key, String value) {
    if (value.trim().isEmpty()) {
      throw error(key + " is empty", "name one, or leave the option out");
    }
    return value;
  }

  private static String absolute(String folder) {
    return folder.trim().isEmpty() ? "" : new File(folder).getAbsolutePath();
  }

  private static EngineException error(String message, String remedy) {
    return new EngineException(ErrorCode.SETTING, message, remedy);
  }
}
