package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SegmentFolderTest {
  @TempDir Path parent;
  private Platform platform;
  private SegmentFolder folder;

  @BeforeEach
  void make() {
    platform = new Platform(Platform.Kind.LINUX, Collections.emptyMap(), parent, parent, parent);
    folder = folder(SegmentFolder::writeZeros, 64);
  }

  @AfterEach
  void remove() {
    folder.remove();
  }

  private SegmentFolder folder(SegmentFolder.Zeros zeros, long window) {
    return new SegmentFolder(parent, platform, zeros, window);
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.collect(Collectors.toList());
    }
  }

  @Test
  void onlyTheUserMayLookInside() throws IOException {
    Segment segment = folder.create(7);
    Path file = segment.file();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())));
    assertTrue(file.getParent().getFileName().toString().startsWith("drua-"));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 7, 63, 64, 65, 1031, (1 << 20) + 7})
  void spaceIsWrittenAndNotOnlyPromised(long bytes) throws IOException {
    Segment segment = folder.create(bytes);
    assertEquals(bytes, Files.size(segment.file()));
    assertEquals(bytes, segment.bytes());
  }

  @Test
  void copiesCrossTheBordersOfWindows() throws IOException {
    Segment segment = folder.create(1031);
    short[] shorts = new short[211];
    for (int i = 0; i < shorts.length; i++) {
      shorts[i] = (short) (i * 307);
    }
    segment.put(62, shorts, 3, 200);
    short[] back = new short[211];
    segment.get(62, back, 3, 200);
    short[] expected = new short[211];
    System.arraycopy(shorts, 3, expected, 3, 200);
    assertArrayEquals(expected, back);
    ByteBuffer file =
        ByteBuffer.wrap(Files.readAllBytes(segment.file())).order(ByteOrder.nativeOrder());
    assertEquals(shorts[3], file.getShort(62));
    assertEquals(shorts[202], file.getShort(62 + 2 * 199));
    assertEquals(0, file.getShort(62 + 2 * 200));
  }

  @Test
  void everyTypeComesBack() throws IOException {
    Segment segment = folder.create(1031);
    byte[] bytes = {1, -2, 3, -4, 5};
    int[] ints = {1, -2, Integer.MAX_VALUE};
    float[] floats = {1.5f, Float.NaN, -0f};
    segment.put(61, bytes, 0, 5);
    segment.put(128, ints, 0, 3);
    segment.put(188, floats, 0, 3);
    byte[] bytesBack = new byte[5];
    int[] intsBack = new int[3];
    float[] floatsBack = new float[3];
    segment.get(61, bytesBack, 0, 5);
    segment.get(128, intsBack, 0, 3);
    segment.get(188, floatsBack, 0, 3);
    assertArrayEquals(bytes, bytesBack);
    assertArrayEquals(ints, intsBack);
    assertArrayEquals(floats, floatsBack);
  }

  @Test
  void doublesAreRead() throws IOException {
    Segment segment = folder.create(256);
    ByteBuffer raw = ByteBuffer.allocate(24).order(ByteOrder.nativeOrder());
    raw.putDouble(Math.PI).putDouble(Double.NaN).putDouble(-1e300);
    segment.put(56, raw.array(), 0, 24);
    double[] back = new double[3];
    segment.get(56, back, 0, 3);
    assertArrayEquals(new double[] {Math.PI, Double.NaN, -1e300}, back);
  }

  @Test
  void rangesOutsideAreRefused() throws IOException {
    Segment segment = folder.create(100);
    int[] ints = new int[30];
    for (long offset : new long[] {-4, 2, 96, 1L << 40}) {
      EngineException e =
          assertThrows(EngineException.class, () -> segment.get(offset, ints, 0, 2));
      assertEquals(ErrorCode.SEGMENT, e.code());
    }
    segment.get(92, ints, 0, 2);
    segment.get(100, ints, 0, 0);
  }

  @Test
  void unmappedSegmentIsAnErrorAndNotACrash() throws IOException {
    Segment segment = folder.create(100);
    segment.unmap();
    segment.unmap();
    assertThrows(IllegalStateException.class, () -> segment.get(0, new byte[1], 0, 1));
  }

  @Test
  void fullDiskLeavesNothingBehind() throws IOException {
    SegmentFolder full =
        folder(
            (channel, bytes) -> {
              SegmentFolder.writeZeros(channel, bytes / 2);
              throw new IOException("No space left on device");
            },
            64);
    assertThrows(IOException.class, () -> full.create(1000));
    Path made = list(parent).get(0);
    assertEquals(Collections.singletonList(made.resolve("lock")), list(made));
    full.remove();
    assertFalse(Files.exists(made));
  }

  @Test
  void moreThanTheDiskHasIsNotTried() {
    assertThrows(IOException.class, () -> folder.create(1L << 60));
  }

  @Test
  void sweepRemovesWhatDeadProcessesLeft() throws IOException {
    Path dead = abandoned("drua-" + Platform.user() + "-1-x");
    Path other = abandoned("drua-somebody-1-x");
    Path mine = folder.create(10).file().getParent();
    SegmentFolder.sweep(parent, Files.getOwner(parent));
    assertFalse(Files.exists(dead));
    assertTrue(Files.exists(other));
    assertTrue(Files.exists(mine));
  }

  private Path abandoned(String name) throws IOException {
    Path folder = Files.createDirectory(parent.resolve(name));
    Files.createFile(folder.resolve("lock"));
    Files.createFile(folder.resolve("s1"));
    return folder;
  }

  @Test
  void sweepDoesNotFollowALinkToTheUsersFiles() throws IOException {
    Path precious = abandoned("precious");
    Path link = parent.resolve("drua-" + Platform.user() + "-1-x");
    Files.createSymbolicLink(link, precious);
    SegmentFolder.sweep(parent, Files.getOwner(parent));
    assertTrue(Files.exists(precious.resolve("s1")));
  }

  @Test
  void sweepLeavesTheLivingAlone() throws Exception {
    Path alive = abandoned("drua-" + Platform.user() + "-1-x");
    String script =
        "import fcntl, sys, struct\n"
            + "f = open(sys.argv[1], 'r+b')\n"
            + "fcntl.lockf(f, fcntl.LOCK_EX)\n"
            + "print('locked', flush=True)\n"
            + "sys.stdin.read()\n";
    Process owner =
        new ProcessBuilder("python3", "-c", script, alive.resolve("lock").toString()).start();
    assertEquals('l', owner.getInputStream().read());
    SegmentFolder.sweep(parent, Files.getOwner(parent));
    assertTrue(Files.exists(alive.resolve("s1")));
    owner.destroyForcibly().waitFor();
    SegmentFolder.sweep(parent, Files.getOwner(parent));
    assertFalse(Files.exists(alive));
  }
}
