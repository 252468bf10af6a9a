package io.github.drua.engine;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * The plugin's own Python environment: where it lies, and which of its builds is in use.
 *
 * <p>Each build has a folder of its own, for ever, because an environment cannot be moved. The file
 * {@code current} names the one in use and is replaced in one step, and a build without its record
 * is not complete: whatever is interrupted, a half-made environment is never used (see
 * docs/decisions).
 */
public final class OwnEnvironment {
  /** What a build writes last; a JSON object that tells what was built. */
  public static final String RECORD = "drua-environment.json";

  private static final String CURRENT = "current";
  private static final String LOCK = "lock";

  private final Platform platform;
  private final Path folder;

  /** Describes the environment of a system's user. */
  public OwnEnvironment(Platform platform) {
    this.platform = platform;
    this.folder = platform.environmentFolder().toPath();
  }

  /** Returns the folder that holds everything. */
  public Path folder() {
    return folder;
  }

  /** Returns the folder of the build in use; null if there is none. */
  public Path current() {
    try {
      Path file = folder.resolve(CURRENT);
      if (!Files.isRegularFile(file)) {
        return null;
      }
      String name = new String(Files.readAllBytes(file), StandardCharsets.UTF_8).trim();
      Path build = folder.resolve(name);
      return !name.isEmpty() && Files.isRegularFile(build.resolve(RECORD)) ? build : null;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Returns the Python of the build in use, or of an environment that somebody has made in the
   * folder by hand; null if there is neither.
   */
  public File python() {
    Path build = current();
    File python = platform.pythonOf(build == null ? folder.toFile() : build.toFile());
    return python.canExecute() ? python : null;
  }

  /** Returns whether a Python is one of this environment. */
  public boolean holds(File python) {
    return python.toPath().toAbsolutePath().startsWith(folder.toAbsolutePath());
  }

  /** Takes a complete build into use, in one step. */
  public void use(Path build) throws IOException {
    Path next = folder.resolve(CURRENT + ".next");
    Files.write(next, build.getFileName().toString().getBytes(StandardCharsets.UTF_8));
    Files.move(
        next,
        folder.resolve(CURRENT),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** Takes none into use any more. */
  public void useNone() throws IOException {
    Files.deleteIfExists(folder.resolve(CURRENT));
  }

  /** Returns whether somebody works on the environment, in this ImageJ or another one. */
  public boolean isBusy() {
    return EnvironmentLock.isHeld(folder.resolve(LOCK));
  }

  /**
   * Keeps others from working on the environment until the lock is closed, or this program dies.
   *
   * @throws EngineException if somebody does already
   */
  public EnvironmentLock lock() throws IOException {
    Files.createDirectories(folder);
    return EnvironmentLock.take(folder.resolve(LOCK));
  }
}
