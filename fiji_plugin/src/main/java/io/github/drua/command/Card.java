package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.drua.engine.EngineException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What the engine tells about a model. */
public final class Card {
  private final JsonObject json;
  private final List<Setting> settings = new ArrayList<>();
  private final List<Input> images = new ArrayList<>();

  /** Creates a card from the engine's description. */
  public Card(JsonObject json) {
    this.json = json;
    for (JsonValue setting : json.get("settings").asArray()) {
      settings.add(new Setting(setting.asObject()));
    }
    Fields.objects(json, "inputs").forEach(input -> images.add(new Input(input)));
  }

  /** Returns the name by which options and requests refer to the model. */
  public String id() {
    return Fields.text(json, "id");
  }

  /** Returns the name for people. */
  public String name() {
    String name = Fields.text(json, "name");
    return name.isEmpty() ? id() : name;
  }

  /** Returns what the model does: segment, denoise or stain. */
  public String task() {
    return Fields.text(json, "task");
  }

  /** Returns a few words on what the model is for. */
  public String description() {
    return Fields.text(json, "description");
  }

  /** Returns the name of the licence; empty if there is none. */
  public String licence() {
    return Fields.text(json, "licence");
  }

  /** Returns the version; may be empty. */
  public String version() {
    return Fields.text(json, "version");
  }

  /** Returns the names of the authors. */
  public List<String> authors() {
    return Fields.texts(json, "authors");
  }

  /** Returns the words by which others find the model. */
  public List<String> tags() {
    return Fields.texts(json, "tags");
  }

  /** Returns the formats of the weights. */
  public List<String> weights() {
    return Fields.texts(json, "weights");
  }

  /** Returns the folder of the package; empty if it has none. */
  public String folder() {
    return Fields.text(json, "folder");
  }

  /** Returns the path of a picture; empty if there is none. */
  public String cover() {
    return Fields.text(json, "cover");
  }

  /** Returns the size of the package on the disk; 0 if nobody knows. */
  public long bytes() {
    return (long) Fields.number(json, "bytes"); // NaN becomes 0
  }

  /** Returns whether the model comes with Drua, and stays. */
  public boolean shipped() {
    return Fields.flag(json, "shipped");
  }

  /** Returns why the model cannot run here; null if it can. */
  public EngineException problem() {
    JsonObject problem = Fields.object(json, "problem");
    return problem == null ? null : EngineException.of(problem);
  }

  /** Returns the last test; null if there was none. */
  public ModelTest tested() {
    JsonObject tested = Fields.object(json, "tested");
    return tested == null ? null : new ModelTest(tested);
  }

  /** Returns each input in words. */
  public List<String> inputs() {
    return tensors("inputs");
  }

  /** Returns each output in words. */
  public List<String> outputs() {
    return tensors("outputs");
  }

  /** Returns the pixel size that the model was made for; empty if nobody knows. */
  public String pixelSize() {
    JsonObject sizes = Fields.object(json, "pixel_size");
    List<String> words = new ArrayList<>();
    if (sizes != null) {
      sizes.forEach(size -> words.add(size.getName() + " " + size.getValue()));
    }
    return words.isEmpty() ? "" : (String.join(", ", words) + " " + Fields.text(json, "unit"));
  }

  /** Returns what images the model was made for; empty if nobody says. */
  public String madeFor() {
    return Fields.text(json, "made_for");
  }

  /** Returns in which sense the intensities of results were validated; may be empty. */
  public String intensities() {
    return Fields.text(json, "intensities");
  }

  /** Returns the names of the channels that the model takes of its image. */
  public List<String> channels() {
    return images.isEmpty() ? Collections.emptyList() : images.get(0).channels();
  }

  /** Returns the images that the model takes beside the first one. */
  public List<Input> furtherInputs() {
    return Collections.unmodifiableList(images.subList(Math.min(1, images.size()), images.size()));
  }

  /** Returns what a run can set. */
  public List<Setting> settings() {
    return Collections.unmodifiableList(settings);
  }

  private List<String> tensors(String name) {
    List<String> words = new ArrayList<>();
    for (JsonObject tensor : Fields.objects(json, name)) {
      List<String> channels = Fields.texts(tensor, "channels");
      words.add(
          Fields.text(tensor, "name")
              + ": axes "
              + Fields.text(tensor, "axes")
              + (channels.isEmpty() ? "" : "; channels " + String.join(", ", channels))
              + (Fields.flag(tensor, "optional") ? "; may be left out" : ""));
    }
    return words;
  }
}
