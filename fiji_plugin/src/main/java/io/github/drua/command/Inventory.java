package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import io.github.drua.engine.EngineException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The models that are installed, and the folders that should hold one but cannot be read. */
public final class Inventory {
  private final List<Card> cards = new ArrayList<>();
  private final Map<String, EngineException> broken = new LinkedHashMap<>();

  Inventory(JsonObject outputs) {
    Fields.objects(outputs, "models").forEach(card -> cards.add(new Card(card)));
    for (JsonObject each : Fields.objects(outputs, "broken")) {
      broken.put(Fields.text(each, "folder"), EngineException.of(each.get("error").asObject()));
    }
  }

  /** Returns the cards of the models. */
  public List<Card> cards() {
    return Collections.unmodifiableList(cards);
  }

  /** Returns the folders that cannot be read, and why. */
  public Map<String, EngineException> broken() {
    return Collections.unmodifiableMap(broken);
  }
}
