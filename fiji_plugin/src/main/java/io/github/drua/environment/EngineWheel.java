package io.github.drua.environment;

import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The Python engine that this plugin's jar carries: the two always fit. */
public final class EngineWheel {
  private final String version;
  private final String name;
  private final URL place;

  /** Finds the engine that the plugin carries. */
  public EngineWheel() {
    Properties facts = new Properties();
    try (InputStream in = EngineWheel.class.getResourceAsStream("engine.properties")) {
      facts.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    version = facts.getProperty("version");
    name = facts.getProperty("wheel");
    place = EngineWheel.class.getResource(name);
  }

  EngineWheel(String version, String name, URL place) {
    this.version = version;
    this.name = name;
    this.place = place;
  }

  /** Returns the version, of the engine and of the plugin. */
  public String version() {
    return version;
  }

  /**
   * Writes the wheel to a folder and returns its path.
   *
   * @throws EngineException with code BACKEND_MISSING if the plugin was built without it
   */
  Path copyTo(Path folder) throws IOException {
    if (place == null) {
      throw new EngineException(
          ErrorCode.BACKEND_MISSING,
          "this plugin was built without the Python engine (" + name + ")",
          "use the jar of a release, or build it with `make plugin`");
    }
    try (InputStream in = place.openStream()) {
      Files.createDirectories(folder);
      Path wheel = folder.resolve(name);
      Path next = folder.resolve(name + ".next");
      Files.copy(in, next, StandardCopyOption.REPLACE_EXISTING);
      Files.move(next, wheel, StandardCopyOption.REPLACE_EXISTING);
      return wheel;
    }
  }

  /**
   * Writes the pins of a wheel beside it: the exact versions of all that a build of it needs, for
   * every Python and system, in the format of pip's requirements.
   */
  static Path pinsOf(Path wheel, Build build) throws IOException {
    String name = build.word() + ".txt";
    Path pins = wheel.resolveSibling(name);
    try (ZipFile zip = new ZipFile(wheel.toFile())) {
      ZipEntry entry = zip.getEntry("drua/pins/" + name);
      if (entry == null) {
        throw new EngineException(
            ErrorCode.BACKEND_MISSING, wheel + " has no pins/" + name, "build the plugin again");
      }
      try (InputStream in = zip.getInputStream(entry)) {
        Files.copy(in, pins, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return pins;
  }
}
