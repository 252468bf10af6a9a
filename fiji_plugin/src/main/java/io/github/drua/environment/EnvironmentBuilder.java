package io.github.drua.environment;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import com.eclipsesource.json.ParseException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.OwnEnvironment;
import java.io.BufferedWriter;
import java.io.File;
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
  private final Commands commands;
  private final BuildProgress progress;
  private final BufferedWriter log;

  /**
   * Prepares to build.
   *
   * @param target the folder of the new environment, which does not exist yet
   * @param python the Python that it will have
   * @param wheel the engine
   * @param log takes what the programs write
   */
  EnvironmentBuilder(
      Plan plan, Path target, File python, Path wheel, BuildProgress progress, BufferedWriter log) {
    this.plan = plan;
    this.wheel = wheel;
    this.progress = progress;
    this.log = log;
    this.commands = new Commands(plan, target, python.getPath());
  }

  /** Builds, tries the new engine, and returns what it says of itself as {@code drua check}. */
  JsonObject build() throws IOException {
    progress.update(Phase.MAKE, plan.text(), -1);
    make();
    InstallOutput output = new InstallOutput(plan.build().download(), progress);
    progress.update(Phase.DOWNLOAD, "", -1);
    if (commands.renewPip() != null) {
      install(commands.renewPip(), output);
    }
    install(commands.install(wheel, EngineWheel.pinsOf(wheel)), output);
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
