package io.github.drua.environment;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.drua.engine.OwnEnvironment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What was built: written last, so that a build that has it is complete. */
final class BuildRecord {
  private final JsonObject json;

  private BuildRecord(JsonObject json) {
    this.json = json;
  }

  /** Returns the record of a plan that was carried out, with the new engine's own report. */
  static BuildRecord of(Plan plan, String version, String made, JsonObject report) {
    return new BuildRecord(
        new JsonObject()
            .add("engine", version)
            .add("build", plan.build().word())
            .add("tool", plan.uv() == null ? "pip" : "uv")
            .add("made", made)
            .add("report", report));
  }

  /** Reads the record of a build; null if there is no build. */
  static BuildRecord read(Path build) throws IOException {
    if (build == null) {
      return null;
    }
    byte[] bytes = Files.readAllBytes(build.resolve(OwnEnvironment.RECORD));
    return new BuildRecord(Json.parse(new String(bytes, StandardCharsets.UTF_8)).asObject());
  }

  void write(Path build) throws IOException {
    Path next = build.resolve(OwnEnvironment.RECORD + ".next");
    Files.write(next, json.toString().getBytes(StandardCharsets.UTF_8));
    Files.move(next, build.resolve(OwnEnvironment.RECORD));
  }

  /** Returns the version of the engine. */
  String engine() {
    return json.getString("engine", "?");
  }

  Build build() {
    return Build.of(json.getString("build", ""));
  }

  String made() {
    return json.getString("made", "?") + " with " + json.getString("tool", "?");
  }

  private JsonObject report() {
    return json.get("report").asObject();
  }

  String python() {
    return report().getString("python_version", "?");
  }

  /** Returns for example {@code numpy 2.4.6, onnxruntime 1.31.1}. */
  String packages() {
    List<String> packages = new ArrayList<>();
    report()
        .get("versions")
        .asObject()
        .forEach(each -> packages.add(each.getName() + " " + each.getValue().asString()));
    return String.join(", ", packages);
  }

  /** Returns one line for each device that was tried. */
  List<String> devices() {
    List<String> lines = new ArrayList<>();
    for (JsonValue value : report().get("devices").asArray()) {
      JsonObject device = value.asObject();
      JsonValue error = device.get("error");
      lines.add(
          device.getString("device", "?")
              + (error == null || error.isNull()
                  ? ": works, " + device.get("megapixels_per_second") + " megapixels/s"
                  : ": does not work: " + error.asString()));
    }
    return lines;
  }
}
