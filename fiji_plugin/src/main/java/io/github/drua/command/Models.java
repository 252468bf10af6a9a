package io.github.drua.command;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The models that an engine has; nothing is kept here, so that a new one is there at once. */
final class Models {
  private Models() {}

  /** Returns the card of one model. */
  static Card card(EngineClient engine, String model, Progress progress) {
    JsonObject inputs = new JsonObject().add("model", model);
    return read(engine.call("describe", inputs, progress), Models::card);
  }

  /** Returns all models. */
  static Inventory all(EngineClient engine, Progress progress) {
    return read(engine.call("models", new JsonObject(), progress), Inventory::new);
  }

  /** Returns the cards of all models for a task that can run here. */
  static List<Card> of(EngineClient engine, String task, Progress progress) {
    List<Card> cards =
        all(engine, progress).cards().stream()
            .filter(card -> task.equals(card.task()) && card.problem() == null)
            .collect(Collectors.toList());
    return some(cards, "the engine has no model that can " + task);
  }

  /** Returns the cards of all models, also of those that cannot run here. */
  static List<Card> installed(EngineClient engine, Progress progress) {
    return some(all(engine, progress).cards(), "the engine has no model");
  }

  private static List<Card> some(List<Card> cards, String otherwise) {
    if (cards.isEmpty()) {
      throw new EngineException(
          ErrorCode.UNKNOWN_MODEL, otherwise, "install one in Plugins>Drua>Drua Models...");
    }
    return cards;
  }

  /** Looks into a folder, a file or what lies at a URL, which is downloaded. */
  static Inspection inspect(EngineClient engine, String source, Progress progress) {
    JsonObject inputs = new JsonObject().add("source", source);
    return read(engine.call("inspect", inputs, progress), Inspection::new);
  }

  /**
   * Installs a model, and tells in the log what a person should know of it.
   *
   * @param answers to the questions of a bare network; null for a package
   * @param allowed the SHA-256 of the source that may run; empty if none may
   */
  static Card add(
      EngineClient engine,
      String source,
      JsonObject answers,
      String allowed,
      boolean replace,
      Progress progress) {
    JsonObject inputs =
        new JsonObject()
            .add("source", source)
            .add("answers", answers == null ? Json.NULL : answers)
            .add("allow_code", allowed.isEmpty() ? Json.NULL : Json.value(allowed))
            .add("replace", replace);
    JsonObject outputs = engine.call("add", inputs, progress);
    JsonValue notes = outputs.get("notes");
    if (notes != null && notes.isArray()) {
      notes.asArray().forEach(note -> Guard.tell(note.asString()));
    }
    return read(outputs, Models::card);
  }

  /** Removes a model from the disk. */
  static void remove(EngineClient engine, String model, Progress progress) {
    engine.call("remove", new JsonObject().add("model", model), progress);
  }

  /**
   * Runs a model on its own test tensors and returns the outcome in words.
   *
   * @throws EngineException with code MODEL if the results are not those of the model's authors
   */
  static String test(EngineClient engine, String model, String device, Progress progress) {
    JsonObject inputs = new JsonObject().add("model", model).add("device", device);
    JsonObject outputs = engine.call("test", inputs, progress);
    JsonObject outcome = read(outputs, all -> all.get("outcome").asObject());
    ModelTest test = new ModelTest(outcome);
    if (!test.passed()) {
      throw new EngineException(
          ErrorCode.MODEL,
          "the model '"
              + model
              + "' "
              + test.text()
              + ", but "
              + Fields.text(outcome, "tolerance")
              + " is allowed",
          "do not rely on it here; test it on another device, or install it again");
    }
    return Fields.text(outputs, "text");
  }

  private static Card card(JsonObject outputs) {
    return new Card(outputs.get("card").asObject());
  }

  /** Reads what an operation returned, or tells that it cannot be read. */
  static <T> T read(JsonObject outputs, Function<JsonObject, T> how) {
    try {
      return how.apply(outputs);
    } catch (UnsupportedOperationException // how the JSON library says that a value is another
        // kind,
        | NullPointerException e) { // or missing
      throw new EngineException(
          ErrorCode.PROTOCOL,
          "the engine told something about models that does not hold together ("
              + e.getMessage()
              + ")",
          "install plugin and engine of the same version",
          e);
    }
  }
}
