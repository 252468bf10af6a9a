package io.github.drua.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/** A lock that others see, on this machine, and that the system drops with this program. */
public final class EnvironmentLock implements AutoCloseable {
  // POSIX drops the locks of a program on a file when the program closes any channel to it, so a
  // lock that this program holds must not be looked at through the file.
  private static final Set<Path> HELD = new HashSet<>();

  private final Path file;
  private final FileChannel channel;

  private EnvironmentLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock.
   *
   * @throws EngineException if somebody has it
   */
  static EnvironmentLock take(Path file) throws IOException {
    Path place = file.toAbsolutePath();
    synchronized (HELD) {
      if (HELD.contains(place)) {
        throw held("this ImageJ", file);
      }
      FileChannel channel =
          FileChannel.open(place, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = channel.tryLock();
      if (lock == null) {
        channel.close();
        throw held("another ImageJ", file);
      }
      HELD.add(place);
      return new EnvironmentLock(place, channel);
    }
  }

  static boolean isHeld(Path file) {
    Path place = file.toAbsolutePath();
    synchronized (HELD) {
      if (HELD.contains(place)) {
        return true;
      }
      if (!Files.isRegularFile(place)) {
        return false;
      }
      try (FileChannel channel = FileChannel.open(place, StandardOpenOption.WRITE)) {
        return channel.tryLock() == null;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static EngineException held(String who, Path file) {
    return new EngineException(
        ErrorCode.REQUEST,
        who + " is making or changing the Python environment in " + file.getParent() + " right now",
        "wait until it is done, or cancel it there");
  }

  @Override
  public void close() {
    synchronized (HELD) {
      HELD.remove(file);
      try {
        channel.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
