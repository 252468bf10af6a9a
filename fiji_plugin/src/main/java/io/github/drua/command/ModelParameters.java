package io.github.drua.command;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.ImagePlus;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What every run of a model is told, whatever the model is for, checked; the same for menu, macro
 * and script.
 *
 * <p>An absent option has its documented default, never the value used last.
 */
public final class ModelParameters implements Parameters {
  private static final List<String> KEYS =
      Collections.unmodifiableList(Arrays.asList("model", "save", "planes", "channel", "device"));

  private static final List<String> FLAGS =
      Collections.unmodifiableList(Arrays.asList("true", "false"));

  private static final List<String> PLANES =
      Collections.unmodifiableList(Arrays.asList("all", "current"));

  private final Card card;
  private final String model;
  private final String save;
  private final boolean currentPlane;
  private final String channel;
  private final String device;
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final Map<String, String> images = new LinkedHashMap<>();

  private ModelParameters(MacroOptions options, Card card, String model) {
    this.card = card;
    this.model = model;
    save = absolute(options.get("save", ""));
    currentPlane = "current".equals(word("planes", options.get("planes", "all"), PLANES));
    channel = notEmpty("channel", options.get("channel", "0")).trim();
    device = notEmpty("device", options.get("device", "auto"));
    for (Setting setting : card.settings()) {
      settings.put(setting.name(), setting.check(options.get(setting.name(), setting.standard())));
    }
    for (Input input : card.furtherInputs()) {
      String title = options.get(input.key(), "");
      if (!title.isEmpty()) {
        images.put(input.key(), title);
      }
    }
  }

  /** Returns the parameters that options tell for the model of a card, which they must name. */
  public static ModelParameters from(MacroOptions options, Card card) {
    return from(options, card, modelOf(options), Collections.emptyList(), Collections.emptyList());
  }

  /**
   * Returns the parameters that options tell for the model of a card.
   *
   * @param ours further keys that the options may have
   * @param outputs what the key {@code output} can name, which some write as a key
   * @throws EngineException if an option is wrong, or the model cannot run here
   */
  static ModelParameters from(
      MacroOptions options, Card card, String model, List<String> ours, List<String> outputs) {
    if (card.problem() != null) {
      throw card.problem();
    }
    List<String> keys = new ArrayList<>(KEYS);
    keys.addAll(1, ours);
    card.furtherInputs().forEach(input -> keys.add(input.key()));
    card.settings().forEach(setting -> keys.add(setting.name()));
    Outputs.refuseAsKeys(options, keys, outputs);
    options.allowOnly(keys);
    return new ModelParameters(options, card, model);
  }

  /** Returns the model that options name: needed to get the card by which they are checked. */
  public static String modelOf(MacroOptions options) {
    String model = options.get("model", "");
    if (model.trim().isEmpty()) {
      throw unnamed(options);
    }
    return model;
  }

  private static EngineException unnamed(MacroOptions options) {
    Map<String, String> all = new LinkedHashMap<>(options.all());
    all.keySet().removeAll(KEYS);
    return Suggestion.near("model", all.keySet())
        .map(
            key -> error("no model is named, but '" + key + "' is", "write " + named(all.get(key))))
        .orElseGet(
            () ->
                error(
                    "no model is named",
                    "write " + named("ID") + " with one of Plugins>Drua>Drua Models..."));
  }

  private static String named(String model) {
    return OptionsText.of(Collections.singletonMap("model", model));
  }

  @Override
  public Map<String, String> toOptions() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("model", model);
    all.put("save", File.separatorChar == '\\' ? save.replace('\\', '/') : save);
    all.put("planes", currentPlane ? "current" : "all");
    all.put("channel", channel);
    all.put("device", device);
    all.putAll(images);
    all.putAll(settings);
    return all;
  }

  /** Returns the inputs of the engine's operation, but for the images. */
  JsonObject inputs(String title, String stem) {
    JsonObject values = new JsonObject();
    card.settings()
        .forEach(setting -> values.add(setting.name(), setting.json(settings.get(setting.name()))));
    return new JsonObject()
        .add("model", model)
        .add("settings", values)
        .add("channel", channels())
        .add("device", device)
        .add(
            "save",
            save.isEmpty() ? Json.NULL : new JsonObject().add("folder", save).add("stem", stem))
        .add("source", title);
  }

  /**
   * Returns the images for the further inputs by name.
   *
   * @param given images that need no name; the others are looked for among those that are open
   * @throws EngineException if one is not open, or named by nobody
   */
  Map<String, ImagePlus> images(Map<String, ImagePlus> given) {
    Map<String, ImagePlus> all = new LinkedHashMap<>(given);
    for (Input input : card.furtherInputs()) {
      String title = images.get(input.key());
      if (title != null) {
        all.put(input.name(), OpenImages.find(input.key(), title));
      } else if (!input.optional() && !given.containsKey(input.name())) {
        throw OpenImages.missing(card, input);
      }
    }
    return all;
  }

  /** Returns whether the model is to be run on the current slice and frame only. */
  boolean currentPlane() {
    return currentPlane;
  }

  /** Returns numbers as numbers; the engine knows the names. */
  private JsonValue channels() {
    return channel.matches("[0-9]{1,6}")
        ? Json.value(Integer.parseInt(channel))
        : Json.value(channel);
  }

  static String word(String key, String value, List<String> words) {
    if (!words.contains(value)) {
      throw error(
          key + " is '" + value + "', but must be of " + String.join(", ", words),
          Suggestion.near(value, words)
              .map(meant -> "write " + key + "=" + meant)
              .orElse("write one of these"));
    }
    return value;
  }

  static boolean flag(String key, String value) {
    return Boolean.parseBoolean(word(key, value, FLAGS));
  }

  static String notEmpty(String key, String value) {
    if (value.trim().isEmpty()) {
      throw error(key + " is empty", "choose one (a macro can leave the option out)");
    }
    return value;
  }

  static EngineException error(String message, String remedy) {
    return new EngineException(ErrorCode.SETTING, message, remedy);
  }

  private static String absolute(String folder) {
    return folder.trim().isEmpty() ? "" : new File(folder).getAbsolutePath();
  }
}
