package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Shared memory on real file systems that are small, full, read-only or behind a link.
 *
 * <p>Mounting them needs a right that root has, in most containers too; elsewhere the tests say so.
 */
class SmallDiskTest {
  private static final long MIB = 1L << 20;

  @TempDir Path folder;
  private final List<Path> mounted = new ArrayList<>();
  private final List<Segments> pools = new ArrayList<>();

  @AfterEach
  void unmount() throws Exception {
    pools.forEach(Segments::close);
    for (Path place : mounted) {
      assertEquals(0, new ProcessBuilder("umount", place.toString()).start().waitFor());
    }
  }

  private Path disk(String name, String options) throws Exception {
    Path place = Files.createDirectory(folder.resolve(name));
    Process mount =
        new ProcessBuilder("mount", "-t", "tmpfs", "-o", options, "tmpfs", place.toString())
            .redirectErrorStream(true)
            .start();
    assumeTrue(mount.waitFor() == 0, "this user may not mount a file system");
    mounted.add(place);
    return place;
  }

  /** Returns a pool like the user's, with these places for memory and temporary files. */
  private Segments pool(Path memory, Path temp) {
    Platform platform =
        new Platform(Platform.Kind.LINUX, Collections.emptyMap(), folder, temp, memory);
    List<SegmentFolder> folders = new ArrayList<>();
    for (Path parent : platform.segmentParents()) {
      folders.add(new SegmentFolder(parent, platform, SegmentFolder::writeZeros, Segments.WINDOW));
    }
    Segments pool = new Segments(folders, platform, new Attaching());
    pools.add(pool);
    return pool;
  }

  private static void use(Segments pool, long bytes) {
    Segment segment = pool.acquire(bytes);
    byte[] last = {7};
    segment.put(segment.bytes() - 1, last, 0, 1); // a promised page that is not there ends the JVM
    pool.giveBack(segment);
  }

  @Test
  void smallSharedMemoryGivesWayToTheTempFolder() throws Exception {
    Path memory = disk("shm", "size=64m");
    Path temp = Files.createDirectory(folder.resolve("temp"));
    Segments pool = pool(memory, temp);
    Segment small = pool.acquire(20 * MIB);
    Segment large = pool.acquire(100 * MIB);
    assertTrue(small.file().startsWith(memory));
    assertTrue(large.file().startsWith(temp));
    pool.giveBack(small);
    pool.giveBack(large);
  }

  @Test
  void fullPlacesAreNamedWithWhatTheyHave() throws Exception {
    Segments pool = pool(disk("shm", "size=8m"), disk("temp", "size=16m"));
    EngineException e = assertThrows(EngineException.class, () -> use(pool, 100 * MIB));
    assertEquals(ErrorCode.SEGMENT, e.code());
    assertTrue(
        e.message().matches(".*needs 10. MB.*shm has 8 MB free.*temp has 17 MB free.*"),
        e.message());
    assertTrue(e.remedy().contains("free some space"), e.remedy());
    use(pool, 4 * MIB);
  }

  @Test
  void diskThatFillsWhileASegmentIsMadeLeavesNothing() throws Exception {
    Path memory = disk("shm", "size=32m");
    Path temp = Files.createDirectory(folder.resolve("temp"));
    List<SegmentFolder> folders = new ArrayList<>();
    Platform platform =
        new Platform(Platform.Kind.LINUX, Collections.emptyMap(), folder, temp, memory);
    for (Path parent : platform.segmentParents()) {
      SegmentFolder.Zeros late =
          (channel, bytes) -> {
            if (parent.equals(memory)) {
              Files.write(memory.resolve("somebody else's"), new byte[(int) (28 * MIB)]);
            }
            SegmentFolder.writeZeros(channel, bytes);
          };
      folders.add(new SegmentFolder(parent, platform, late, Segments.WINDOW));
    }
    Segments pool = new Segments(folders, platform, new Attaching());
    pools.add(pool);
    Segment segment = pool.acquire(20 * MIB);
    assertTrue(segment.file().startsWith(temp));
    assertEquals(28, used(memory) / MIB);
    pool.giveBack(segment);
  }

  private static long used(Path place) throws IOException {
    return Files.getFileStore(place).getTotalSpace() - Files.getFileStore(place).getUsableSpace();
  }

  @Test
  void readOnlySharedMemoryGivesWayToTheTempFolder() throws Exception {
    Path temp = Files.createDirectory(folder.resolve("temp"));
    Segments pool = pool(disk("shm", "size=8m,ro"), temp);
    Segment segment = pool.acquire(MIB);
    assertTrue(segment.file().startsWith(temp));
    pool.giveBack(segment);
  }

  @Test
  void readOnlyTempFolderIsToldWhenItIsTheLastOne() throws Exception {
    Segments pool = pool(disk("shm", "size=8m"), disk("temp", "size=64m,ro"));
    EngineException e = assertThrows(EngineException.class, () -> use(pool, 20 * MIB));
    assertEquals(ErrorCode.SEGMENT, e.code());
    assertTrue(e.message().contains("temp"), e.message());
  }

  @Test
  void folderBehindALinkServes() throws Exception {
    Path real = Files.createDirectory(folder.resolve("real"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), real);
    Segments pool = pool(link, link);
    use(pool, MIB);
    pool.close();
    try (Stream<Path> left = Files.list(real)) {
      assertFalse(left.findAny().isPresent());
    }
  }

  /** An engine that needs no telling. */
  private static final class Attaching implements Segments.Peer {
    @Override
    public void attach(Segment segment) {
      // its file stays until the segment is disposed of
    }

    @Override
    public void release(String name) {
      // it holds nothing
    }
  }
}
