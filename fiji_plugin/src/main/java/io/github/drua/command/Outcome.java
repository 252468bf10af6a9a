package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Result;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** What every run of a model tells beside its images: how it was done, and what went wrong. */
final class Outcome {
  private final String title;
  private final List<String> notes;
  private final List<String> report;
  private final String warning;
  private final String run;
  private final EngineException saveError;

  private Outcome(ImagePlus input, JsonObject outputs) {
    title = input.getTitle();
    JsonObject made = outputs.get("run").asObject();
    notes = texts(made, "notes");
    report = texts(made, "report");
    warning = made.getString("warning", "");
    run = outputs.get("run").toString();
    JsonValue error = outputs.get("save_error");
    saveError = error == null || error.isNull() ? null : EngineException.of(error.asObject());
  }

  /** Reads it from a result. */
  static Outcome of(ImagePlus input, Result result) {
    return new Outcome(input, result.outputs());
  }

  private static List<String> texts(JsonObject run, String key) {
    JsonValue texts = run.get(key);
    return texts == null
        ? Collections.emptyList()
        : texts.asArray().values().stream().map(JsonValue::asString).collect(Collectors.toList());
  }

  /** Returns the provenance as JSON text. */
  String run() {
    return run;
  }

  /**
   * Tells that an image is a prediction, what the engine had to do differently, for example for
   * lack of memory, and what the report says.
   *
   * @param engine the engine that made it, which knows whether the first was told before
   * @throws EngineException if files could not be written; the result is complete all the same
   */
  void tell(EngineClient engine) {
    if (!warning.isEmpty() && engine.isNews(warning)) {
      Guard.tell(title + ": " + warning);
    }
    notes.forEach(note -> Guard.tell(title + ": " + note));
    report.forEach(sentence -> Guard.tell(title + ": " + sentence));
    if (saveError != null) {
      throw saveError;
    }
  }
}
