package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What the engine tells about a model. */
public final class Card {
  private final JsonObject json;
  private final List<Setting> settings = new ArrayList<>();

  /** Creates a card from the engine's description. */
  public Card(JsonObject json) {
    this.json = json;
    for (JsonValue setting : json.get("settings").asArray()) {
      settings.add(new Setting(setting.asObject()));
    }
  }

  /** Returns the name by which options and requests refer to the model. */
  public String id() {
    return json.getString("id", "");
  }

  /** Returns the name for people. */
  public String name() {
    return json.getString("name", id());
  }

  /** Returns what the model does: segment, denoise or stain. */
  public String task() {
    return json.getString("task", "");
  }

  /** Returns a few words on what the model is for. */
  public String description() {
    return json.getString("description", "");
  }

  /** Returns what a run can set. */
  public List<Setting> settings() {
    return Collections.unmodifiableList(settings);
  }
}
