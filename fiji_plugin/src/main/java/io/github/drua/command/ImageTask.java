package io.github.drua.command;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The tasks that make an image of an image: what each is called, and what it can return. */
public enum ImageTask {
  /** Removes noise. */
  DENOISE(
      "denoise",
      DenoisePlugin.COMMAND,
      "denoise-fluorescence",
      "denoise-fluorescence",
      Arrays.asList("denoised", "difference", "report"),
      Arrays.asList("32-bit", "input")),
  /** Predicts what a stain would show. */
  STAIN(
      "stain",
      StainPlugin.COMMAND,
      "",
      "stain-nuclei-histology",
      Arrays.asList("stained", "appended"),
      Collections.emptyList());

  private final String id;
  private final String command;
  private final String defaultModel;
  private final String firstChoice;
  private final List<String> outputs;
  private final List<String> types;

  ImageTask(
      String id,
      String command,
      String defaultModel,
      String firstChoice,
      List<String> outputs,
      List<String> types) {
    this.id = id;
    this.command = command;
    this.defaultModel = defaultModel;
    this.firstChoice = firstChoice;
    this.outputs = Collections.unmodifiableList(outputs);
    this.types = Collections.unmodifiableList(types);
  }

  /** Returns the name of the task in cards, and of the engine's operation. */
  public String id() {
    return id;
  }

  /** Returns the label of the menu entry, which is the name of the macro command. */
  public String command() {
    return command;
  }

  /** Returns the model that is used where none is named; empty if one must be. */
  public String defaultModel() {
    return defaultModel;
  }

  /** Returns the model that a dialog shows first, if it is there. */
  public String firstChoice() {
    return firstChoice;
  }

  /** Returns what a run can return; the first is returned where nothing is asked for. */
  public List<String> outputs() {
    return outputs;
  }

  /** Returns what types of pixels can be asked for, the default first; empty if none can. */
  public List<String> types() {
    return types;
  }

  /** Returns what an image is needed for, after "there must be one". */
  String purpose() {
    return "to " + id;
  }
}
