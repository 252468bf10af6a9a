package io.github.drua.environment;

import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.stream.Stream;

/** What is about to be made, and with what; nothing has happened yet. */
final class Plan {
  private static final String NEWEST_FOR_UV = "3.12";

  private final Build build;
  private final BasePython base;
  private final Path uv;
  private final Path wheels;

  private Plan(Build build, BasePython base, Path uv, Path wheels) {
    this.build = build;
    this.base = base;
    this.uv = uv;
    this.wheels = wheels;
  }

  /**
   * Looks for what the choice needs.
   *
   * @throws EngineException if a Python or the folder of wheels is of no use
   */
  static Plan of(Choice choice, Build build, Platform platform) {
    Path uv = platform.program("uv");
    Path wheels = choice.wheels().isEmpty() ? null : folder(choice.wheels());
    return new Plan(build, base(choice, platform, uv), uv, wheels);
  }

  private static BasePython base(Choice choice, Platform platform, Path uv) {
    if (!choice.python().isEmpty()) {
      return BasePython.named(choice.python(), platform, uv == null);
    }
    try {
      return BasePython.find(platform, uv == null);
    } catch (EngineException e) {
      if (uv == null) {
        throw e;
      }
      return null; // uv gets one
    }
  }

  private static Path folder(String name) {
    Path folder = Paths.get(name).toAbsolutePath();
    try (Stream<Path> files = Files.list(folder)) {
      if (files.anyMatch(file -> file.toString().endsWith(".whl"))) {
        return folder;
      }
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.SETTING, "wheels is " + folder + ", but that is no folder", "correct it", e);
    }
    throw new EngineException(
        ErrorCode.SETTING,
        "wheels is " + folder + ", but no file in it ends with .whl",
        "fill it with `pip download` on a computer with internet, see the README");
  }

  Build build() {
    return build;
  }

  /** Returns the Python to start with; null where uv shall get one. */
  BasePython base() {
    return base;
  }

  /** Returns which Python uv takes. */
  String pythonForUv() {
    return base == null ? NEWEST_FOR_UV : base.path();
  }

  /** Returns the program uv; null where pip does the work. */
  Path uv() {
    return uv;
  }

  /** Returns the folder that all packages come from; null for the network. */
  Path wheels() {
    return wheels;
  }

  /** Returns the plan in a few words. */
  String text() {
    String python =
        base == null ? "Python " + NEWEST_FOR_UV + " from uv" : "Python " + base.version();
    String source =
        wheels == null
            ? "about " + Sizes.text(build.download()) + " to download"
            : "from " + wheels;
    return python + ", " + (uv == null ? "pip" : "uv") + ", " + build.label() + ", " + source;
  }
}
