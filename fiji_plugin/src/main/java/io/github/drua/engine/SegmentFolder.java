package io.github.drua.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserPrincipal;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;

/**
 * A private folder of this process in which segments are made.
 *
 * <p>A lock on a file in it tells other processes that its owner lives: the system drops the lock
 * with the process, while a process number may belong to somebody else, or to another container.
 */
final class SegmentFolder {
  /** How the space of a new file is reserved; tests put a full disk here. */
  interface Zeros {
    /** Makes the file that long. */
    void write(FileChannel channel, long bytes) throws IOException;
  }

  private static final int CHUNK = 1 << 20;
  private static final int ATTEMPTS = 5;
  private static final String LOCK = "lock";
  private static final Set<StandardOpenOption> NEW_FILE =
      EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);

  private final Path parent;
  private final Platform platform;
  private final Zeros zeros;
  private final long window;
  private Path folder;
  private FileChannel lock;

  /**
   * Describes a folder, which is made when the first segment is.
   *
   * @param window the bytes of one mapping, a multiple of 8
   */
  SegmentFolder(Path parent, Platform platform, Zeros zeros, long window) {
    this.parent = parent;
    this.platform = platform;
    this.zeros = zeros;
    this.window = window;
  }

  /**
   * Makes and maps a segment.
   *
   * @throws IOException if the space cannot be had; nothing is left behind then
   */
  Segment create(long bytes) throws IOException {
    Path file = folder().resolve(Platform.pid() + "-" + UUID.randomUUID());
    if (free() < bytes) {
      throw new IOException("not enough space");
    }
    try (FileChannel channel = FileChannel.open(file, NEW_FILE, platform.fileAttributes())) {
      zeros.write(channel, bytes);
      return new Segment(file, bytes, window, map(channel, bytes));
    } catch (IOException | RuntimeException | Error e) {
      Files.deleteIfExists(file);
      throw e;
    }
  }

  /**
   * Writes real zeros: a file that is only said to be long is given its pages later, and there is
   * no exception then if there are none, but a signal that ends the engine.
   */
  static void writeZeros(FileChannel channel, long bytes) throws IOException {
    ByteBuffer chunk = ByteBuffer.allocateDirect((int) Math.min(CHUNK, bytes));
    for (long left = bytes; left > 0; left -= chunk.position()) {
      chunk.clear();
      chunk.limit((int) Math.min(left, chunk.capacity()));
      channel.write(chunk);
    }
  }

  private MappedByteBuffer[] map(FileChannel channel, long bytes) throws IOException {
    MappedByteBuffer[] windows = new MappedByteBuffer[(int) ((bytes + window - 1) / window)];
    for (int i = 0; i < windows.length; i++) {
      long start = i * window;
      long length = Math.min(window, bytes - start);
      windows[i] = channel.map(FileChannel.MapMode.READ_WRITE, start, length);
    }
    return windows;
  }

  /** Returns how many bytes the file system has left for us. */
  long free() throws IOException {
    return Files.getFileStore(parent).getUsableSpace();
  }

  Path parent() {
    return parent;
  }

  /** Deletes the folder with what is left in it. */
  synchronized void remove() {
    if (folder == null) {
      return;
    }
    try {
      lock.close();
      empty(folder);
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      Log.warn("the folder " + folder + " cannot be removed: " + e);
    }
    folder = null;
  }

  private synchronized Path folder() throws IOException {
    for (int i = 0; folder == null && i < ATTEMPTS; i++) {
      folder = make();
      if (folder != null) {
        sweep(parent, Files.getOwner(folder));
      }
    }
    if (folder == null) {
      throw new IOException("no private folder can be made in " + parent);
    }
    return folder;
  }

  /** Makes the folder; null if a sweep of another process took it before it was locked. */
  private Path make() throws IOException {
    Path named = Paths.get(beginning(parent) + UUID.randomUUID());
    Path made = Files.createDirectory(named, platform.folderAttributes());
    FileChannel channel = FileChannel.open(made.resolve(LOCK), NEW_FILE, platform.fileAttributes());
    if (channel.tryLock() == null || !Files.exists(made.resolve(LOCK))) {
      channel.close();
      return null;
    }
    lock = channel;
    return made;
  }

  /** Returns what the paths of this process's folders begin with. */
  static String beginning(Path parent) {
    return parent.resolve(prefix() + Platform.pid() + "-").toString();
  }

  private static String prefix() {
    return "drua-" + Platform.user() + "-";
  }

  /** Removes the folders of a user's processes that ended without doing it. */
  static void sweep(Path parent, UserPrincipal user) {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, prefix() + "*")) {
      for (Path folder : folders) {
        // Opening and closing our own lock file would drop our lock.
        boolean own = folder.toString().startsWith(beginning(parent));
        if (!own && isFolderOf(user, folder)) {
          removeIfAbandoned(folder);
        }
      }
    } catch (IOException e) {
      Log.warn("old segments in " + parent + " cannot be looked for: " + e);
    }
  }

  /**
   * Returns whether it is a real folder of the user. Where everybody may write, somebody could put
   * a link that leads to the user's own files.
   */
  private static boolean isFolderOf(UserPrincipal user, Path folder) {
    try {
      return Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)
          && Files.getOwner(folder, LinkOption.NOFOLLOW_LINKS).equals(user);
    } catch (IOException e) {
      return false; // somebody else removed it
    }
  }

  private static void removeIfAbandoned(Path folder) {
    try {
      if (emptyIfAbandoned(folder)) {
        Files.deleteIfExists(folder);
      }
    } catch (IOException e) {
      // not ours, or just being made or removed by its owner
    }
  }

  // Under the lock, so that an owner who is just making the folder notices.
  private static boolean emptyIfAbandoned(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder.resolve(LOCK), StandardOpenOption.WRITE);
        FileLock free = channel.tryLock()) {
      if (free != null) {
        empty(folder);
      }
      return free != null;
    }
  }

  private static void empty(Path folder) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
    }
  }
}
