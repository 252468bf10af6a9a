package io.github.drua.environment;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.eclipsesource.json.ParseException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.OwnEnvironment;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Makes one environment beside the one in use. Until it returns, nothing has changed for anybody;
 * whoever calls it holds the lock.
 */
final class EnvironmentBuilder {
  private static final int LAST_LINES = 3;

  private final Plan plan;
  private final Path wheel;
  private final Path downloads;
  private final Commands commands;
  private final BuildProgress progress;
  private final BufferedWriter log;

  /**
   * Prepares to build.
   *
   * @param commands those of the plan, for the folder of the new environment
   * @param wheel the engine
   * @param downloads keeps what was downloaded for a next time
   * @param log takes what the programs write
   */
  EnvironmentBuilder(
      Plan plan,
      Commands commands,
      Path wheel,
      Path downloads,
      BuildProgress progress,
      BufferedWriter log) {
    this.plan = plan;
    this.wheel = wheel;
    this.downloads = downloads;
    this.progress = progress;
    this.log = log;
    this.commands = commands;
  }

  /** Builds, tries the new engine, and returns what it says of itself as {@code drua check}. */
  JsonObject build() throws IOException {
    progress.update(Phase.MAKE, plan.text(), -1);
    make();
    InstallOutput output = new InstallOutput(plan.build().download(), progress);
    progress.update(Phase.DOWNLOAD, "", -1);
    Path pins = EngineWheel.pinsOf(wheel, plan.build());
    Path wheels = wheels(pins, output);
    if (plan.uv() == null) {
      output.installing();
    }
    install(commands.install(wheel, pins, wheels), output);
    progress.update(Phase.TRY, "", -1);
    return tried();
  }

  private void make() throws IOException {
    List<String> lines = new ArrayList<>();
    int code = start(commands.make(), line -> lines.add(line.trim()));
    lines.forEach(progress::line);
    if (code != 0) {
      List<String> last = lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size());
      throw failed(
          "the empty environment cannot be made: " + String.join(" ", last),
          "name another Python with python=[...]");
    }
  }

  /** Returns the folder that the packages come from; null where uv gets and keeps them itself. */
  private Path wheels(Path pins, InstallOutput output) throws IOException {
    if (plan.wheels() != null || plan.uv() != null) {
      return plan.wheels();
    }
    // pip keeps nothing of what breaks off, and its cache only what the index allows.
    install(commands.renewPip(), output);
    for (List<String> portion : Pins.portions(pins)) {
      install(commands.download(portion, downloads), output);
    }
    return downloads;
  }

  private void install(List<String> command, InstallOutput output) throws IOException {
    if (start(command, output::line) != 0) {
      throw failed("the packages cannot be installed: " + output.errors(), networkRemedy());
    }
  }

  private JsonObject tried() throws IOException {
    List<String> lines = new ArrayList<>();
    int code = start(commands.test(), lines::add);
    lines.forEach(progress::line);
    String last = lines.isEmpty() ? "" : lines.get(lines.size() - 1);
    JsonObject report = parsed(last);
    if (code != 0 || report == null) {
      throw failed("the new engine does not work: " + last, "try another Python with python=[...]");
    }
    return report;
  }

  /** Returns the report of a line; null for what a library prints. */
  private static JsonObject parsed(String line) {
    try {
      JsonValue value = Json.parse(line);
      return value.isObject() ? value.asObject() : null;
    } catch (ParseException e) {
      return null;
    }
  }

  private int start(List<String> command, Consumer<String> listener) throws IOException {
    log.write("$ " + String.join(" ", command) + "\n");
    List<IOException> troubles = new ArrayList<>();
    int code =
        Program.run(
            leashed(command),
            leash(),
            line -> {
              write(line, troubles);
              listener.accept(line);
            },
            progress::cancelled);
    log.flush();
    if (!troubles.isEmpty()) {
      throw troubles.get(0);
    }
    return code;
  }

  private void write(String line, List<IOException> troubles) {
    try {
      log.write(line + "\n");
    } catch (IOException e) {
      troubles.add(e); // a full disk: told when the program has ended
    }
  }

  /** Returns a command that ends with this program; uv without a Python is one process anyway. */
  private List<String> leashed(List<String> command) {
    if (plan.base() == null) {
      return command;
    }
    List<String> leashed = new ArrayList<>();
    Collections.addAll(leashed, plan.base().path(), "-m", "drua.leash");
    leashed.addAll(command);
    return leashed;
  }

  private Map<String, String> leash() {
    return plan.base() == null
        ? Collections.emptyMap()
        : Collections.singletonMap("PYTHONPATH", wheel.toString());
  }

  private String networkRemedy() {
    return plan.wheels() == null
        ? "check the network (a proxy is set by HTTPS_PROXY) and start it again: finished downloads"
            + " are kept; or use a folder of wheels"
        : "complete the folder " + plan.wheels() + ", see the README";
  }

  private EngineException failed(String message, String remedy) {
    return new EngineException(ErrorCode.BACKEND_MISSING, message, remedy);
  }

  /** Opens the log of the last build. */
  static BufferedWriter logOf(OwnEnvironment own) throws IOException {
    return Files.newBufferedWriter(own.folder().resolve("build.log"), StandardCharsets.UTF_8);
  }
}
