package io.github.drua.command;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import ij.ImagePlus;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Platform;
import io.github.drua.image.Titles;
import java.io.File;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How to train a denoiser, checked; the same for dialog, macro and recorder. */
public final class TrainParameters implements Parameters {
  /** The words for planes and volumes. */
  public static final List<String> DIMENSIONS =
      Collections.unmodifiableList(Arrays.asList("2d", "3d"));

  /** Time to spend, where nobody says anything else. */
  public static final String DEFAULT_MINUTES = "5";

  private static final List<String> KEYS =
      Collections.unmodifiableList(
          Arrays.asList(
              "name",
              "noisy",
              "clean",
              "folder",
              "minutes",
              "dimensions",
              "channel",
              "structure",
              "device",
              "resume",
              "replace"));
  private static final List<String> STRUCTURES =
      Collections.unmodifiableList(Arrays.asList("auto", "none", "rows", "columns"));
  private static final String CHECKPOINT = "checkpoint.pt";
  private static final String SUFFIX = "-denoiser";
  private static final int LONGEST_STEM = 40;

  private final String name;
  private final String noisy;
  private final String clean;
  private final String folder;
  private final String minutes;
  private final String dimensions;
  private final String channel;
  private final String structure;
  private final String device;
  private final boolean resume;
  private final boolean replace;

  private TrainParameters(MacroOptions options) {
    name = name(options.get("name", "").trim());
    noisy = absolute(options.get("noisy", ""));
    clean = absolute(options.get("clean", ""));
    folder = absolute(options.get("folder", defaultFolder()));
    minutes = minutes(options.get("minutes", DEFAULT_MINUTES).trim());
    dimensions = ModelParameters.word("dimensions", options.get("dimensions", "2d"), DIMENSIONS);
    channel = ModelParameters.notEmpty("channel", options.get("channel", "0")).trim();
    structure = ModelParameters.word("structure", options.get("structure", "auto"), STRUCTURES);
    device = ModelParameters.notEmpty("device", options.get("device", "auto")).trim();
    resume = ModelParameters.flag("resume", options.get("resume", "false"));
    replace = ModelParameters.flag("replace", options.get("replace", "false"));
    if (!clean.isEmpty() && noisy.isEmpty()) {
      throw ModelParameters.error(
          "clean is '" + clean + "', but noisy names no folder that it belongs to",
          "write noisy=[folder] of images of the same names");
    }
  }

  /** Returns the parameters that options tell. */
  public static TrainParameters from(MacroOptions options) {
    options.allowOnly(KEYS);
    return new TrainParameters(options);
  }

  /** Returns the folder that trainings are kept in, where nobody says anything else. */
  public static String defaultFolder() {
    return Platform.current().trainingFolder().getPath();
  }

  /** Returns a name for a model that learns from an image; from files if there is none. */
  public static String suggestedName(ImagePlus image) {
    String stem = image == null ? "" : Titles.stem(image).toLowerCase(Locale.ROOT);
    String plain = stem.replaceAll("[^a-z0-9]+", "-").replaceAll("^-+", "");
    String cut = plain.substring(0, Math.min(LONGEST_STEM, plain.length())).replaceAll("-+$", "");
    return (cut.isEmpty() ? "my" : cut) + SUFFIX;
  }

  /** Returns whether the folder of a training holds what is needed to go on with it. */
  public static boolean holdsTraining(String folder, String name) {
    return !name.trim().isEmpty()
        && new File(new File(folder.trim(), name.trim()), CHECKPOINT).isFile();
  }

  @Override
  public Map<String, String> toOptions() {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("name", name);
    all.put("noisy", slashes(noisy));
    all.put("clean", slashes(clean));
    all.put("folder", slashes(folder));
    all.put("minutes", minutes);
    all.put("dimensions", dimensions);
    all.put("channel", channel);
    all.put("structure", structure);
    all.put("device", device);
    all.put("resume", Boolean.toString(resume));
    all.put("replace", Boolean.toString(replace));
    return all;
  }

  /** Returns the model's name, which is its id. */
  public String name() {
    return name;
  }

  /** Returns the channels that are learnt from. */
  String channel() {
    return channel;
  }

  /** Returns whether the active image is learnt from, and not files. */
  public boolean fromActiveImage() {
    return noisy.isEmpty();
  }

  /** Returns whether a training that is there goes on. */
  boolean resumes() {
    return resume;
  }

  /** Returns whether the images are learnt from alone, without clean ones. */
  public boolean withoutClean() {
    return clean.isEmpty();
  }

  /** Returns the folder of this training. */
  public File training() {
    return new File(folder, name);
  }

  /**
   * Checks that the training can begin, or go on, where it is to be kept: the folder may have
   * changed since the parameters were told.
   */
  public void checkPlace() {
    boolean there = holdsTraining(folder, name);
    if (there && !resume && !replace) {
      throw ModelParameters.error(
          "a training of the name '" + name + "' is in " + training() + " already",
          "go on with the training of this name (resume=true in a macro), replace it (replace=true), or"
              + " choose another name");
    }
    if (!there && resume) {
      throw ModelParameters.error(
          training() + " holds no training that could go on",
          "correct name or folder, or begin a new training (without resume in a macro)");
    }
  }

  /** Returns the inputs of the engine's operation, but for the image and its region. */
  JsonObject inputs(String title) {
    JsonArray images = new JsonArray();
    if (!noisy.isEmpty()) {
      images.add(noisy);
    }
    return new JsonObject()
        .add("images", images)
        .add("clean", clean.isEmpty() ? Json.NULL : Json.value(clean))
        .add("source", title)
        .add("output", training().getPath())
        .add("axes", dimensions.equals("3d") ? "ZYX" : "YX")
        .add("minutes", Double.parseDouble(minutes))
        .add("channel", channel)
        .add("structure", structure)
        .add("device", device)
        .add("resume", resume)
        .add("replace", replace)
        .add("install", true);
  }

  private static String name(String name) {
    if (name.isEmpty()) {
      throw ModelParameters.error("the model has no name", called("my-denoiser"));
    }
    if (!name.matches("[a-z0-9_][a-z0-9._-]*")) {
      throw ModelParameters.error(
          "name is '"
              + name
              + "', but a model's name has only small letters, digits, '-', '_' and '.'",
          called(plain(name)));
    }
    return name;
  }

  /** Returns advice for the window and for macros: the same errors are shown in both. */
  private static String called(String name) {
    return "call it for example " + name + " (name=" + name + " in a macro)";
  }

  private static String plain(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
    String cut = plain.replaceAll("^-+|-+$", "");
    return cut.isEmpty() ? "my-denoiser" : cut;
  }

  private static String minutes(String value) {
    try {
      BigDecimal number = new BigDecimal(value);
      if (number.signum() > 0 && !Double.isInfinite(number.doubleValue())) {
        return number.stripTrailingZeros().toPlainString();
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw ModelParameters.error(
        "minutes is '" + value + "', but must be a number above 0",
        "its default is " + DEFAULT_MINUTES);
  }

  private static String absolute(String path) {
    return path.trim().isEmpty() ? "" : new File(path.trim()).getAbsolutePath();
  }

  private static String slashes(String path) {
    return File.separatorChar == '\\' ? path.replace('\\', '/') : path;
  }

  static EngineException nobodyThere(String command) {
    return new EngineException(
        ErrorCode.SETTING,
        "there are no options, and nobody is there to be asked",
        "write run(\"" + command + "\", \"name=my-denoiser\")");
  }
}
