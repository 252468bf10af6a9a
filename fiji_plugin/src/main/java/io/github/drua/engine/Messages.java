package io.github.drua.engine;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.eclipsesource.json.ParseException;
import java.util.ArrayList;
import java.util.List;

/** The lines of the protocol: the only place that builds or reads them (docs/protocol.md). */
final class Messages {
  /** The version of the protocol that this plugin speaks. */
  static final int PROTOCOL = 1;

  /** The most characters or bytes of a line. */
  static final int LIMIT = 16 << 20;

  private static final int SHOWN = 80;

  private Messages() {}

  static String execute(String task, String op, JsonObject inputs) {
    return line(request("EXECUTE").add("task", task).add("op", op).add("inputs", inputs));
  }

  static String cancel(String task) {
    return line(request("CANCEL").add("task", task));
  }

  static String finish(String task) {
    return line(request("FINISH").add("task", task));
  }

  static String attach(Segment segment) {
    JsonObject entry =
        new JsonObject()
            .add("name", segment.name())
            .add("path", segment.file().toString())
            .add("bytes", segment.bytes());
    return line(request("ATTACH").add("segments", new JsonArray().add(entry)));
  }

  static String release(List<String> segments) {
    JsonArray names = new JsonArray();
    segments.forEach(names::add);
    return line(request("RELEASE").add("segments", names));
  }

  static String grant(String task, Segment segment) {
    return line(request("GRANT").add("task", task).add("segment", segment.name()));
  }

  static String ping(long id) {
    return line(request("PING").add("id", id));
  }

  static String shutdown() {
    return line(request("SHUTDOWN"));
  }

  /** Returns an image that lies at the beginning of a segment. */
  static JsonObject image(JsonObject header, Segment segment) {
    return new JsonObject().add("segment", segment.name()).add("offset", 0).merge(header);
  }

  /**
   * Reads one line of the engine.
   *
   * @throws EngineException with code PROTOCOL if it is not a response
   */
  static Response parse(String line) {
    try {
      JsonObject body = Json.parse(line).asObject();
      return new Response(kind(body.get("responseType").asString()), task(body), body);
    } catch (ParseException
        | UnsupportedOperationException
        | NullPointerException
        | StackOverflowError e) {
      String shown = line.length() > SHOWN ? line.substring(0, SHOWN) + "..." : line;
      throw new EngineException(
          ErrorCode.PROTOCOL,
          "the Python engine wrote a line that is no response: '" + shown + "'",
          "run the command again",
          e);
    }
  }

  /** Returns the error of a FAILURE. */
  static EngineException error(Response failure) {
    JsonValue error = failure.body.get("error");
    return error != null && error.isObject()
        ? EngineException.of(error.asObject())
        : new EngineException(
            ErrorCode.PROTOCOL, "the Python engine failed and gave no reason", "");
  }

  /** Returns the outputs of a COMPLETION. */
  static JsonObject outputs(Response completion) {
    JsonValue outputs = completion.body.get("outputs");
    return outputs != null && outputs.isObject() ? outputs.asObject() : new JsonObject();
  }

  /** Returns the names in an ATTACHED. */
  static List<String> segments(Response attached) {
    List<String> names = new ArrayList<>();
    JsonValue segments = attached.body.get("segments");
    if (segments != null && segments.isArray()) {
      segments.asArray().forEach(name -> names.add(name.asString()));
    }
    return names;
  }

  private static Response.Kind kind(String word) {
    for (Response.Kind kind : Response.Kind.values()) {
      if (kind.name().equals(word)) {
        return kind;
      }
    }
    return Response.Kind.OTHER;
  }

  private static String task(JsonObject body) {
    JsonValue task = body.get("task");
    return task == null || task.isNull() ? null : task.asString();
  }

  private static JsonObject request(String type) {
    return new JsonObject().add("requestType", type);
  }

  private static String line(JsonObject request) {
    String line = request.toString();
    if (line.length() > LIMIT) {
      throw new EngineException(
          ErrorCode.PROTOCOL,
          "the request has " + line.length() + " characters, but at most " + LIMIT + " are allowed",
          "");
    }
    return line;
  }
}
