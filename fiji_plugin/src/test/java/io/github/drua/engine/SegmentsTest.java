package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SegmentsTest {
  private static final long MB = 1 << 20;

  @TempDir Path memory;
  @TempDir Path disk;
  private final List<String> told = new ArrayList<>();
  private long room = Long.MAX_VALUE;
  private volatile Pause meanwhile = () -> {};
  private Segments segments;

  private final Segments.Peer peer =
      new Segments.Peer() {
        @Override
        public void attach(Segment segment) {
          told.add("attach " + segment.name());
        }

        @Override
        public void release(String name) {
          told.add("release " + name);
        }
      };

  @BeforeEach
  void make() {
    segments = pool(Platform.Kind.LINUX);
  }

  private Segments pool(Platform.Kind kind) {
    Platform platform = new Platform(kind, Collections.emptyMap(), disk, disk, memory);
    return new Segments(
        Arrays.asList(
            new SegmentFolder(memory, platform, this::limited, 1 << 16),
            new SegmentFolder(disk, platform, SegmentFolder::writeZeros, 1 << 16)),
        platform,
        peer);
  }

  private void limited(FileChannel channel, long bytes) throws IOException {
    if (bytes > room) {
      throw new IOException("No space left on device");
    }
    try {
      meanwhile.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    SegmentFolder.writeZeros(channel, bytes);
  }

  @AfterEach
  void close() {
    segments.close();
  }

  private static long entries(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.count();
    }
  }

  @Test
  void sizesComeInClasses() {
    assertEquals(MB, Segments.sizeClass(0));
    assertEquals(MB, Segments.sizeClass(1));
    assertEquals(2 * MB, Segments.sizeClass(MB + 1));
    assertEquals(16 * MB, Segments.sizeClass(16 * MB));
    assertEquals(18 * MB, Segments.sizeClass(16 * MB + 1));
    assertEquals(36 * MB, Segments.sizeClass(33 * MB));
    assertEquals(5L << 30, Segments.sizeClass(5L << 30));
    for (long bytes = 1; bytes < 1L << 40; bytes = bytes * 3 + 1) {
      long size = Segments.sizeClass(bytes);
      assertTrue(size >= bytes && size <= Math.max(MB, bytes + bytes / 8 + MB), "size " + size);
      assertEquals(size, Segments.sizeClass(size));
    }
  }

  @Test
  void segmentIsUsedAgainAndAttachedOnce() {
    Segment first = segments.acquire(3 * MB);
    segments.giveBack(first);
    assertSame(first, segments.acquire(3 * MB - 17));
    assertEquals(Collections.singletonList("attach " + first.name()), told);
    assertNotSame(first, segments.acquire(3 * MB));
  }

  @Test
  void smallRequestDoesNotTakeALargeSegment() {
    Segment large = segments.acquire(8 * MB);
    segments.giveBack(large);
    assertNotSame(large, segments.acquire(MB));
    assertSame(large, segments.acquire(5 * MB));
  }

  @Test
  void fileIsGoneOnceTheEngineHasMappedIt() {
    Segment segment = segments.acquire(1);
    assertTrue(Files.exists(segment.file()));
    segments.attached(Collections.singletonList(segment.name()));
    assertFalse(Files.exists(segment.file()));
    segment.put(0, new byte[] {42}, 0, 1);
    byte[] back = new byte[1];
    segment.get(0, back, 0, 1);
    assertEquals(42, back[0]);
    segments.attached(Collections.singletonList("nobody's"));
  }

  @Test
  void poolForgetsALargeImageByAndBy() {
    segments.giveBack(segments.acquire(64 * MB));
    segments.giveBack(segments.acquire(MB));
    assertEquals(65 * MB, segments.idle());
    for (int i = 0; i < 100; i++) {
      segments.giveBack(segments.acquire(MB));
    }
    assertEquals(MB, segments.idle());
    assertTrue(told.get(told.size() - 1).startsWith("release "));
  }

  @Test
  void fullMemoryFallsBackToTheDisk() {
    room = 0;
    assertTrue(segments.acquire(1).file().startsWith(disk));
  }

  @Test
  void idleSegmentsMakeRoomForALargerOne() {
    Segments one = onlyMemory();
    room = 4 * MB;
    Segment small = one.acquire(2 * MB);
    one.giveBack(small);
    room = 0;
    assertThrows(EngineException.class, () -> one.acquire(8 * MB));
    assertTrue(told.contains("release " + small.name()), told.toString());
    assertEquals(0, one.idle());
    one.close();
  }

  private Segments onlyMemory() {
    Platform platform =
        new Platform(Platform.Kind.LINUX, Collections.emptyMap(), disk, disk, memory);
    return new Segments(
        Collections.singletonList(new SegmentFolder(memory, platform, this::limited, 1 << 16)),
        platform,
        peer);
  }

  @Test
  void noSpaceAnywhereIsToldWithNumbers() {
    EngineException e = assertThrows(EngineException.class, () -> segments.acquire(1L << 60));
    assertEquals(ErrorCode.SEGMENT, e.code());
    assertTrue(e.message().contains(memory + " has "), e.message());
    assertTrue(e.message().contains(disk + " has "), e.message());
    assertFalse(e.remedy().isEmpty());
  }

  @Test
  void closedPoolLeavesNothing() throws IOException {
    Segment used = segments.acquire(MB);
    segments.giveBack(segments.acquire(MB));
    segments.close();
    assertEquals(0, entries(memory));
    used.put(0, new byte[] {1}, 0, 1); // still mapped for its user
    segments.giveBack(used);
    assertThrows(IllegalStateException.class, () -> used.put(0, new byte[] {1}, 0, 1));
  }

  @Test
  void whereMappedFilesCannotBeDeletedTheyGoWithTheMapping() throws IOException {
    Segments windows = pool(Platform.Kind.WINDOWS);
    Segment segment = windows.acquire(1);
    windows.attached(Collections.singletonList(segment.name()));
    assertTrue(Files.exists(segment.file()));
    windows.close();
    assertTrue(Files.exists(segment.file()));
    windows.giveBack(segment);
    assertEquals(0, entries(memory));
  }

  @Test
  void preparedSegmentsAreReadyAndAttached() throws IOException {
    segments.prepare(3 * MB, 2 * MB);
    assertEquals(5 * MB, segments.idle());
    assertEquals(2, told.size(), told.toString());
    Segment first = segments.acquire(3 * MB);
    Segment second = segments.acquire(2 * MB);
    assertEquals(2, told.size(), told.toString());
    segments.giveBack(first);
    segments.giveBack(second);
    assertEquals(5 * MB, segments.idle());
  }

  @Test
  void nothingIsPreparedTwiceOrBesideACall() {
    segments.prepare(3 * MB);
    segments.prepare(3 * MB);
    assertEquals(3 * MB, segments.idle());
    Segment used = segments.acquire(MB);
    segments.prepare(8 * MB);
    assertEquals(3 * MB, segments.idle());
    segments.giveBack(used);
  }

  @Test
  void imageThatIsTooLargeIsNotPrepared() {
    segments.prepare(1L << 40);
    assertEquals(0, segments.idle());
    assertEquals(Collections.emptyList(), told);
  }

  @Test
  void fullMemoryIsNoErrorWhenPreparing() throws IOException {
    room = 0;
    segments.prepare(MB);
    assertEquals(0, segments.idle());
  }

  @Test
  void callThatComesEndsThePreparation() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch called = new CountDownLatch(1);
    meanwhile =
        () -> {
          begun.countDown();
          called.await();
        };
    Thread preparing = Threads.daemon("preparing", () -> segments.prepare(4 * MB));
    begun.await();
    meanwhile = () -> {};
    Segment mine = segments.acquire(MB);
    called.countDown();
    preparing.join();
    assertEquals(0, segments.idle());
    segments.giveBack(mine);
    assertEquals(MB, segments.idle());
  }

  @Test
  void memoryThatNobodyUsedIsFreed() {
    segments.prepare(MB);
    long then = segments.acquired();
    segments.giveBack(segments.acquire(MB));
    segments.freeUnused(then);
    assertEquals(MB, segments.idle());
    segments.freeUnused(segments.acquired());
    assertEquals(0, segments.idle());
    assertTrue(told.get(told.size() - 1).startsWith("release "));
  }

  @Test
  void closedPoolPreparesNothing() throws IOException {
    segments.close();
    segments.prepare(MB);
    assertEquals(0, entries(memory));
  }

  private interface Pause {
    void take() throws InterruptedException;
  }
}
