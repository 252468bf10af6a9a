package io.github.drua.environment;

import com.eclipsesource.json.JsonObject;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Engines;
import io.github.drua.engine.EnvironmentLock;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.OwnEnvironment;
import io.github.drua.engine.Platform;
import io.github.drua.engine.PythonEnvironment;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.Collections;
import java.util.function.Consumer;

/**
 * Makes, renews and deletes the plugin's own Python environment. Every change takes long: never
 * call one on the event thread.
 */
public final class Environments {
  private static final String DOWNLOADS = "downloads";
  private static final String BUILDS = "[0-9]*-*";
  private static final int NUMBER = 36;
  private static final long PATIENCE = 60_000;

  private final Platform platform;
  private final OwnEnvironment own;
  private final EngineWheel wheel;
  private final Consumer<String> choose;
  private final Runnable changed;

  /** Works on the environment of this user. */
  public Environments() {
    this(Platform.current(), new EngineWheel(), PythonEnvironment::choose, Engines::restart);
  }

  /**
   * Works on the environment of a system's user.
   *
   * @param choose keeps a Python as the setting, empty for none
   * @param changed called when another environment is in use from now on
   */
  Environments(Platform platform, EngineWheel wheel, Consumer<String> choose, Runnable changed) {
    this.platform = platform;
    this.own = new OwnEnvironment(platform);
    this.wheel = wheel;
    this.choose = choose;
    this.changed = changed;
  }

  /**
   * Makes the environment, and uses it instead of a Python that was chosen before. One that fits
   * already is kept.
   *
   * @throws EngineException if it cannot be made; an older one stays in use
   * @throws CancelledException if the progress asked to stop
   */
  public void create(Choice choice, BuildProgress progress) {
    BuildRecord record = record();
    boolean fits =
        record != null
            && own.python() != null
            && record.engine().equals(wheel.version())
            && (choice.build() == null || choice.build() == record.build());
    if (!fits) {
      build(choice, choice.build(), progress);
    }
    choose.accept("");
  }

  /**
   * Brings the environment to the engine of this plugin; one that fits already is kept.
   *
   * @throws EngineException if there is none, or it cannot be renewed; the old one stays in use
   * @throws CancelledException if the progress asked to stop
   */
  public void update(Choice choice, BuildProgress progress) {
    BuildRecord record = existing("update");
    Build build = choice.build() == null ? record.build() : choice.build();
    if (!record.engine().equals(wheel.version()) || build != record.build()) {
      build(choice, build, progress);
    }
  }

  /**
   * Makes the environment again, whatever state it is in.
   *
   * @throws EngineException if there is none, or it cannot be made; the old one stays in use
   * @throws CancelledException if the progress asked to stop
   */
  public void repair(Choice choice, BuildProgress progress) {
    Build build = choice.build() == null ? existing("repair").build() : choice.build();
    build(choice, build, progress);
  }

  /**
   * Deletes the environment.
   *
   * @throws EngineException if there is none, or somebody works on it
   */
  public void delete() {
    existing("delete");
    locked(
        () -> {
          own.useNone();
          changed.run();
          sweep();
          Folders.delete(own.folder().resolve(DOWNLOADS));
        });
  }

  /**
   * Uses an existing Python instead: a program, or the folder of an environment.
   *
   * @throws EngineException if it cannot run the engine of this plugin
   */
  public void use(String path) {
    if (path.trim().isEmpty()) {
      throw new EngineException(
          ErrorCode.SETTING, "no Python is named", "write python=[...], or action=create");
    }
    BasePython python = BasePython.named(path.trim(), platform, false);
    String question = "from importlib.metadata import version; print(version('drua'))";
    Program.Output output =
        Program.quick(
            Arrays.asList(python.path(), "-c", question), Collections.emptyMap(), PATIENCE);
    boolean there = output.code() == 0 && !output.lines().isEmpty();
    if (!there || !output.lines().get(0).trim().equals(wheel.version())) {
      String has = there ? "has the engine " + output.lines().get(0).trim() : "has no engine";
      throw new EngineException(
          ErrorCode.SETTING,
          "the Python " + path.trim() + " " + has + ", but the plugin is " + wheel.version(),
          "install it with `\"" + python.path() + "\" -m pip install \"" + copied() + "[cpu]\"`");
    }
    choose.accept(path.trim());
  }

  private Path copied() {
    try {
      return wheel.copyTo(own.folder().resolve("wheel"));
    } catch (IOException e) {
      throw disk(e);
    }
  }

  /** Returns whether a complete environment is there. */
  public boolean exists() {
    return own.current() != null;
  }

  /** Returns whether the environment was made for another version of this plugin. */
  public boolean isOutdated() {
    BuildRecord record = record();
    return record != null && !record.engine().equals(wheel.version());
  }

  /** Returns whether PyTorch is missing, and what getting it would take; empty if it is there. */
  public String offerOfTorch() {
    BuildRecord record = record();
    if (record == null || record.build() == Build.TORCH) {
      return "";
    }
    String instead =
        record.build() == Build.NVIDIA ? "; networks of other models then run on the CPU" : "";
    return offer(Build.TORCH) + instead;
  }

  /** Returns path, size, versions and devices as text. */
  public String report() {
    try {
      return new EnvironmentReport(platform, record(), wheel.version()).text(offer());
    } catch (IOException e) {
      throw disk(e);
    }
  }

  /** Returns the NVIDIA device that was found, or that there is none. */
  public String graphics() {
    return Graphics.find(platform, architecture()).text();
  }

  /** Returns what would be downloaded and where it would be, for people who are asked. */
  public String offer() {
    return offer(Graphics.find(platform, architecture()).build());
  }

  private String offer(Build build) {
    return String.format(
        "about %s to download, %s on the disk in %s, for %s",
        Sizes.text(build.download()), Sizes.text(build.disk()), own.folder(), build.label());
  }

  private static String architecture() {
    return System.getProperty("os.arch", "");
  }

  private BuildRecord record() {
    try {
      return BuildRecord.read(own.current());
    } catch (IOException e) {
      throw disk(e);
    }
  }

  private BuildRecord existing(String what) {
    BuildRecord record = record();
    if (record == null) {
      throw new EngineException(
          ErrorCode.SETTING,
          "there is no environment to " + what + " in " + own.folder(),
          "make one with action=create");
    }
    return record;
  }

  private void build(Choice choice, Build wanted, BuildProgress progress) {
    locked(
        () -> {
          sweep(); // what an interrupted build has left
          progress.update(Phase.LOOK, "", -1);
          Build build = wanted == null ? fitting() : wanted;
          checkRoom(build, Folders.free(own.folder()));
          make(Plan.of(choice, build, platform), own.folder().resolve(name()), progress);
        });
  }

  private void make(Plan plan, Path target, BuildProgress progress) throws IOException {
    try (BufferedWriter log = EnvironmentBuilder.logOf(own)) {
      Path engine = wheel.copyTo(own.folder().resolve("wheel"));
      Path downloads = own.folder().resolve(DOWNLOADS);
      Commands commands = new Commands(plan, target, platform.pythonOf(target.toFile()).getPath());
      JsonObject report =
          new EnvironmentBuilder(plan, commands, engine, downloads, progress, log).build();
      progress.update(Phase.SWITCH, "", -1);
      BuildRecord.of(plan, wheel.version(), LocalDate.now().toString(), report).write(target);
      own.use(target);
      changed.run();
      Folders.delete(downloads);
    } finally {
      sweep(); // the old one, or the half-made new one
    }
  }

  /** Changes files; how that can fail is told in one place. */
  private interface Change {
    void make() throws IOException;
  }

  private void locked(Change change) {
    EnvironmentLock lock = null;
    try {
      lock = own.lock();
      change.make();
    } catch (IOException e) {
      throw disk(e);
    } finally {
      if (lock != null) {
        lock.close();
      }
    }
  }

  private Build fitting() {
    return Graphics.find(platform, architecture()).build();
  }

  private String name() {
    return wheel.version() + "-" + Long.toString(System.currentTimeMillis(), NUMBER);
  }

  /** Refuses to begin what the disk cannot hold; sizes in bytes. */
  void checkRoom(Build build, long free) {
    if (free < build.disk()) {
      throw new EngineException(
          ErrorCode.BACKEND_MISSING,
          "the environment needs "
              + Sizes.text(build.disk())
              + " on the disk of "
              + own.folder()
              + ", but "
              + Sizes.text(free)
              + " are free",
          "make room" + (build == Build.NVIDIA ? ", or choose device=cpu" : ""));
    }
  }

  /** Deletes every build but the one in use. */
  private void sweep() throws IOException {
    Path current = own.current();
    try (DirectoryStream<Path> builds = Files.newDirectoryStream(own.folder(), BUILDS)) {
      for (Path build : builds) {
        if (!build.equals(current)) {
          discard(build);
        }
      }
    }
  }

  private static void discard(Path build) {
    try {
      Files.deleteIfExists(build.resolve(OwnEnvironment.RECORD));
      Folders.delete(build);
    } catch (IOException e) {
      // Windows deletes no program that still runs: the next change sweeps again.
    }
  }

  private EngineException disk(IOException cause) {
    return new EngineException(
        ErrorCode.BACKEND_MISSING,
        "the environment in " + own.folder() + " cannot be written or read: " + cause,
        "check the folder and its disk",
        cause);
  }
}
