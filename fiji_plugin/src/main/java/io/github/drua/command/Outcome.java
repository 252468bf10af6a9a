package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.ImagePlus;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Result;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/** What every run of a model tells beside its images: how it was done, and what went wrong. */
final class Outcome {
  private final String title;
  private final List<String> notes;
  private final String run;
  private final EngineException saveError;

  private Outcome(ImagePlus input, JsonObject outputs) {
    title = input.getTitle();
    notes = notes(outputs.get("run").asObject());
    run = outputs.get("run").toString();
    JsonValue error = outputs.get("save_error");
    saveError = error == null || error.isNull() ? null : EngineException.of(error.asObject());
  }

  /** Reads it from a result. */
  static Outcome of(ImagePlus input, Result result) {
    return new Outcome(input, result.outputs());
  }

  private static List<String> notes(JsonObject run) {
    JsonValue notes = run.get("notes");
    return notes == null
        ? Collections.emptyList()
        : notes.asArray().values().stream().map(JsonValue::asString).collect(Collectors.toList());
  }

  /** Returns the provenance as JSON text. */
  String run() {
    return run;
  }

  /**
   * Tells what the engine had to do differently, for example for lack of memory.
   *
   * @throws EngineException if files could not be written; the result is complete all the same
   */
  void tell() {
    notes.forEach(note -> Guard.tell(title + ": " + note));
    if (saveError != null) {
      throw saveError;
    }
  }
}
