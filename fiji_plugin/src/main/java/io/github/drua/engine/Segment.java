package io.github.drua.engine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Memory that the plugin and the engine share: a mapped file, in native byte order.
 *
 * <p>A mapping holds at most 2 GiB, so a segment is a row of equal windows. Offsets are multiples
 * of the element size and windows of 8 bytes: no element lies on a border.
 */
public final class Segment {
  private final String name;
  private final Path file;
  private final long bytes;
  private final long window;
  private final MappedByteBuffer[] windows;
  // Unmapped memory that is still read would take the whole of ImageJ down.
  private final ReadWriteLock access = new ReentrantReadWriteLock();
  private boolean mapped = true;

  Segment(Path file, long bytes, long window, MappedByteBuffer[] windows) {
    this.name = file.getFileName().toString();
    this.file = file;
    this.bytes = bytes;
    this.window = window;
    this.windows = windows;
  }

  /** Returns the name by which messages refer to it. */
  public String name() {
    return name;
  }

  /** Returns its size. */
  public long bytes() {
    return bytes;
  }

  /**
   * Checks that so many elements fit, before memory for them is asked for.
   *
   * @throws EngineException with code SEGMENT if there are fewer than none or too many
   */
  public void check(long count, int size) {
    if (count < 0 || count > bytes / size) {
      throw new EngineException(
          ErrorCode.SEGMENT,
          count + " elements of " + size + " bytes do not fit a segment of " + bytes + " bytes",
          "install plugin and engine of the same version");
    }
  }

  Path file() {
    return file;
  }

  /** Writes bytes. */
  public void put(long offset, byte[] from, int start, int length) {
    each(offset, length, 1, (part, done, count) -> part.put(from, start + done, count));
  }

  /** Writes 16-bit integers. */
  public void put(long offset, short[] from, int start, int length) {
    each(
        offset,
        length,
        Short.BYTES,
        (part, done, count) -> part.asShortBuffer().put(from, start + done, count));
  }

  /** Writes 32-bit integers. */
  public void put(long offset, int[] from, int start, int length) {
    each(
        offset,
        length,
        Integer.BYTES,
        (part, done, count) -> part.asIntBuffer().put(from, start + done, count));
  }

  /** Writes 32-bit floats. */
  public void put(long offset, float[] from, int start, int length) {
    each(
        offset,
        length,
        Float.BYTES,
        (part, done, count) -> part.asFloatBuffer().put(from, start + done, count));
  }

  /** Reads bytes. */
  public void get(long offset, byte[] into, int start, int length) {
    each(offset, length, 1, (part, done, count) -> part.get(into, start + done, count));
  }

  /** Reads 16-bit integers. */
  public void get(long offset, short[] into, int start, int length) {
    each(
        offset,
        length,
        Short.BYTES,
        (part, done, count) -> part.asShortBuffer().get(into, start + done, count));
  }

  /** Reads 32-bit integers. */
  public void get(long offset, int[] into, int start, int length) {
    each(
        offset,
        length,
        Integer.BYTES,
        (part, done, count) -> part.asIntBuffer().get(into, start + done, count));
  }

  /** Reads 32-bit floats. */
  public void get(long offset, float[] into, int start, int length) {
    each(
        offset,
        length,
        Float.BYTES,
        (part, done, count) -> part.asFloatBuffer().get(into, start + done, count));
  }

  /** Reads 64-bit floats. */
  public void get(long offset, double[] into, int start, int length) {
    each(
        offset,
        length,
        Double.BYTES,
        (part, done, count) -> part.asDoubleBuffer().get(into, start + done, count));
  }

  /**
   * Gets the pages that others have written: the first access to a page costs more than its copy.
   */
  void touch() {
    access.readLock().lock();
    try {
      for (int i = 0;
          mapped && i < windows.length && !Thread.currentThread().isInterrupted();
          i++) {
        windows[i].load();
      }
    } finally {
      access.readLock().unlock();
    }
  }

  /** Ends the mapping, so that the memory is free at once; later access is an error. */
  void unmap() {
    access.writeLock().lock();
    try {
      if (mapped) {
        mapped = false;
        Unmapper.unmap(windows);
      }
    } finally {
      access.writeLock().unlock();
    }
  }

  /** Walks over the windows that a range touches. */
  private void each(long offset, int length, int size, Piece piece) {
    access.readLock().lock();
    try {
      check(offset, length, size);
      int done = 0;
      while (done < length) {
        long at = offset + (long) done * size;
        long room = (window - at % window) / size;
        int count = (int) Math.min(length - done, room);
        piece.move(part(at), done, count);
        done += count;
      }
    } finally {
      access.readLock().unlock();
    }
  }

  private ByteBuffer part(long at) {
    // A view of its own for each call: positions are state, and several threads may copy at once.
    ByteBuffer part = windows[(int) (at / window)].duplicate();
    part.position((int) (at % window));
    return part.order(ByteOrder.nativeOrder());
  }

  private void check(long offset, int length, int size) {
    if (!mapped) {
      throw new IllegalStateException("segment " + name + " was given back");
    }
    boolean inside = offset >= 0 && length >= 0 && offset <= bytes - (long) length * size;
    if (!inside || offset % size != 0) {
      throw new EngineException(
          ErrorCode.SEGMENT,
          length
              + " elements of "
              + size
              + " bytes at "
              + offset
              + " do not fit segment "
              + name
              + " of "
              + bytes
              + " bytes",
          "");
    }
  }

  /** Copies {@code count} elements, of which {@code done} are already there, at the position. */
  private interface Piece {
    void move(ByteBuffer part, int done, int count);
  }
}
