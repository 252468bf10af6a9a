package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.util.ArrayList;
import java.util.List;

/** The models that an engine has. */
final class Models {
  private Models() {}

  /** Returns the card of one model. */
  static Card card(EngineClient engine, String model, Progress progress) {
    JsonObject inputs = new JsonObject().add("model", model);
    return new Card(engine.call("describe", inputs, progress).get("card").asObject());
  }

  /** Returns the cards of all models that segment. */
  static List<Card> thatSegment(EngineClient engine, Progress progress) {
    List<Card> cards = new ArrayList<>();
    for (JsonValue json :
        engine.call("models", new JsonObject(), progress).get("models").asArray()) {
      Card card = new Card(json.asObject());
      if ("segment".equals(card.task())) {
        cards.add(card);
      }
    }
    if (cards.isEmpty()) {
      throw new EngineException(
          ErrorCode.UNKNOWN_MODEL,
          "the engine has no model that segments",
          "install one with `drua models add`");
    }
    return cards;
  }
}
