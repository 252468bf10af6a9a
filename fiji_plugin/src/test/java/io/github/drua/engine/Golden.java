package io.github.drua.engine;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.List;

/** The files that both languages read. */
final class Golden {
  private Golden() {}

  /** Returns the messages of {@code tests/protocol/messages.json}. */
  static List<JsonObject> messages(String side) throws IOException {
    String text = read("tests/protocol/messages.json");
    List<JsonObject> messages = new ArrayList<>();
    for (JsonValue message : Json.parse(text).asObject().get(side).asArray()) {
      messages.add(message.asObject());
    }
    return messages;
  }

  /** Returns the first message of a kind. */
  static JsonObject message(String side, String key, String kind) throws IOException {
    for (JsonObject message : messages(side)) {
      if (message.getString(key, "").equals(kind)) {
        return message;
      }
    }
    throw new AssertionError("no golden message " + kind);
  }

  /** Returns a text file of the repository. */
  static String read(String path) throws IOException {
    Path root = Paths.get(System.getProperty("basedir", ".")).toAbsolutePath().getParent();
    return new String(Files.readAllBytes(root.resolve(path)), StandardCharsets.UTF_8);
  }
}
