package io.github.drua.environment;

import io.github.drua.engine.EngineException;
import io.github.drua.engine.OwnEnvironment;
import io.github.drua.engine.Platform;
import io.github.drua.engine.PythonEnvironment;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Path, size, versions and devices of the plugin's own environment, to be read and copied. */
final class EnvironmentReport {
  private final Platform platform;
  private final OwnEnvironment own;
  private final BuildRecord record;
  private final String version;
  private final List<String> lines = new ArrayList<>();

  EnvironmentReport(Platform platform, BuildRecord record, String version) {
    this.platform = platform;
    this.own = new OwnEnvironment(platform);
    this.record = record;
    this.version = version;
  }

  /**
   * Returns the report.
   *
   * @param offer what making one would take, told where there is none
   */
  String text(String offer) throws IOException {
    if (own.isBusy()) {
      add("State", "is being made or changed right now");
    } else if (record == null) {
      add("State", "there is none yet");
      add("Needs", offer);
    } else {
      add("State", state());
    }
    Path build = own.current();
    add("Folder", (build == null ? own.folder() : build).toString());
    if (record != null) {
      add("Size", Sizes.text(Folders.size(build)));
      add("Engine", record.engine() + " (the plugin is " + version + ")");
      add("Python", record.python());
      add("Packages", record.packages());
      add("Made", record.made() + ", for " + record.build().label());
      record.devices().forEach(device -> add("Device", device));
    }
    add("In use", used());
    return String.join("\n", lines);
  }

  private String state() {
    return record.engine().equals(version)
        ? "ready"
        : "made for version " + record.engine() + ": update it";
  }

  private String used() {
    try {
      PythonEnvironment found = PythonEnvironment.find(platform);
      File python = found.python();
      return own.holds(python) ? "this environment" : python + " (" + found.origin() + ")";
    } catch (EngineException e) {
      return "no Python: " + e.message();
    }
  }

  private void add(String name, String value) {
    lines.add(String.format("%-10s %s", name, value));
  }
}
