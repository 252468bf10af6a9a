package io.github.drua.engine;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The pool of segments that one engine and the plugin share.
 *
 * <p>New memory costs five to nine times as much as memory that both sides have touched before, so
 * segments come in size classes and are used again. The file of a segment is deleted as soon as
 * both sides have mapped it: whatever is killed then, nothing is left behind.
 */
final class Segments {
  /** Who has to know which segments there are: the engine. */
  interface Peer {
    /** Is told of a new segment before anybody uses it. */
    void attach(Segment segment);

    /** Is told that a segment is gone. */
    void release(String name);
  }

  /** The bytes of one mapping. */
  static final long WINDOW = 1L << 30;

  private static final long SMALLEST = 1L << 20;
  private static final int STEPS = 8;
  private static final int FORGETTING = 16;
  private static final int TRIES = 10;
  private static final long PAUSE = 100;
  private static final long MOST_PREPARED = 1L << 30;
  private static final int SHARE_PREPARED = 4;

  private final List<SegmentFolder> folders;
  private final Peer peer;
  private final boolean unlinksMapped;
  private final Map<String, Segment> unattached = new HashMap<>();
  private final List<Segment> free = new ArrayList<>(); // given back the longest ago first
  private long used;
  private long peak;
  private long acquired;
  private Thread preparing;
  private boolean closed;

  Segments(List<SegmentFolder> folders, Platform platform, Peer peer) {
    this.folders = folders;
    this.unlinksMapped = platform.unlinksMapped();
    this.peer = peer;
  }

  /** Returns the pool that users get. */
  static Segments usual(Peer peer) {
    Platform platform = Platform.current();
    List<SegmentFolder> folders = new ArrayList<>();
    for (Path parent : platform.segmentParents()) {
      folders.add(new SegmentFolder(parent, platform, SegmentFolder::writeZeros, WINDOW));
    }
    return new Segments(folders, platform, peer);
  }

  /** Returns the size of the class: multiples of 1 MiB to 16 MiB, then steps of an eighth. */
  static long sizeClass(long bytes) {
    long step = Math.max(SMALLEST, Long.highestOneBit(bytes) / STEPS);
    return Math.max(SMALLEST, (bytes + step - 1) / step * step);
  }

  /**
   * Returns a segment of at least this size, which must be given back.
   *
   * @throws EngineException with code SEGMENT if there is no space for it
   */
  Segment acquire(long bytes) {
    long size = sizeClass(bytes);
    Segment segment = reuse(size);
    return segment != null ? segment : create(size);
  }

  /**
   * Makes segments ready for calls that may come: reserved, and mapped and touched on both sides.
   *
   * <p>Gives way to the first call that comes, and takes no more than a part of what is free.
   *
   * @param needs the sizes of segments that will be used at the same time
   */
  void prepare(long... needs) {
    if (!beginPreparing()) {
      return;
    }
    try {
      for (long size : missing(needs)) {
        prepareOne(size);
      }
    } catch (IOException e) {
      // A call has come, which makes what it needs itself; or there is no room, which it will tell.
    } finally {
      endPreparing();
    }
  }

  /** Frees what is idle if there was no call since the count was taken; see {@link #acquired}. */
  void freeUnused(long acquiredThen) {
    if (acquired() == acquiredThen) {
      drain();
    }
  }

  /** Returns how many segments were ever acquired. */
  synchronized long acquired() {
    return acquired;
  }

  private synchronized boolean beginPreparing() {
    boolean free = !closed && used == 0 && preparing == null;
    preparing = free ? Thread.currentThread() : preparing;
    return free;
  }

  private synchronized void endPreparing() {
    preparing = null;
    Thread.interrupted(); // meant for the work that has just ended
  }

  /** Returns the sizes for which there is no idle segment. */
  private synchronized List<Long> missing(long... needs) {
    List<Segment> ready = new ArrayList<>(free);
    List<Long> missing = new ArrayList<>();
    long total = 0;
    for (long need : needs) {
      long size = sizeClass(need);
      total += size;
      Segment best = best(ready, size);
      if (best == null) {
        missing.add(size);
      } else {
        ready.remove(best);
      }
    }
    // What is expected is kept like what was needed once.
    peak = total <= MOST_PREPARED ? Math.max(peak, total) : peak;
    return total <= MOST_PREPARED ? missing : Collections.emptyList();
  }

  private void prepareOne(long size) throws IOException {
    SegmentFolder folder = folders.get(0);
    if (size > folder.free() / SHARE_PREPARED) {
      return;
    }
    Segment segment = folder.create(size);
    segment.touch();
    synchronized (this) {
      unattached.put(segment.name(), segment);
    }
    // The engine hears of it before anybody can use it.
    peer.attach(segment);
    if (!keep(segment)) {
      dispose(segment);
      removeFolders();
    }
  }

  private synchronized boolean keep(Segment segment) {
    return !closed && free.add(segment);
  }

  /** Takes a segment back, for the next one who needs it. */
  void giveBack(Segment segment) {
    List<Segment> surplus = new ArrayList<>();
    synchronized (this) {
      used -= segment.bytes();
      free.add(segment);
      // Twice what was needed at once: a large image now and then keeps its segments.
      long most = closed ? 0 : 2 * peak;
      long kept = free.stream().mapToLong(Segment::bytes).sum();
      while (kept > most) {
        kept -= free.get(0).bytes();
        surplus.add(free.remove(0));
      }
    }
    surplus.forEach(this::dispose);
    removeFolders();
  }

  /** Learns that the engine has mapped segments: nobody needs their files any more. */
  void attached(Collection<String> names) {
    for (String name : names) {
      Segment segment;
      synchronized (this) {
        segment = unattached.remove(name);
      }
      if (segment != null && unlinksMapped) {
        unlink(segment);
      }
    }
  }

  /** Ends the pool: what is free is gone at once, what is in use when it is given back. */
  void close() {
    synchronized (this) {
      closed = true;
    }
    drain();
    removeFolders();
  }

  /** Removes the folders of a closed pool as soon as the system lets us. */
  private void removeFolders() {
    boolean over;
    synchronized (this) {
      over = closed && (unlinksMapped || used == 0);
    }
    if (over) {
      folders.forEach(SegmentFolder::remove);
    }
  }

  private synchronized Segment reuse(long size) {
    acquired++;
    if (preparing != null) {
      preparing.interrupt();
    }
    Segment best = best(free, size);
    if (best != null) {
      free.remove(best);
      count(best);
    }
    return best;
  }

  /** Returns the smallest segment that is large enough and not much too large; null if none is. */
  private static Segment best(List<Segment> segments, long size) {
    Segment best = null;
    for (Segment segment : segments) {
      boolean fits = segment.bytes() >= size && segment.bytes() <= 2 * size;
      if (fits && (best == null || segment.bytes() <= best.bytes())) {
        best = segment;
      }
    }
    return best;
  }

  private Segment create(long size) {
    List<String> refusals = new ArrayList<>();
    Segment segment = reserve(size, refusals);
    for (int i = 0; segment == null && drainOnce(i) && i < TRIES; i++) {
      refusals.clear();
      segment = reserve(size, refusals);
    }
    if (segment == null) {
      throw full(size, refusals);
    }
    synchronized (this) {
      unattached.put(segment.name(), segment);
      count(segment);
    }
    peer.attach(segment);
    return segment;
  }

  /** Frees the pool's memory for a larger segment; false if there was none to free. */
  private boolean drainOnce(int round) {
    if (round == 0) {
      return drain();
    }
    try {
      Thread.sleep(PAUSE); // until the engine has let go of it too
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void count(Segment segment) {
    used += segment.bytes();
    // The need of long ago is forgotten by and by.
    peak = Math.max(used, peak - peak / FORGETTING);
  }

  private Segment reserve(long size, List<String> refusals) {
    for (SegmentFolder folder : folders) {
      try {
        return folder.create(size);
      } catch (ClosedByInterruptException e) {
        throw new CancelledException();
      } catch (IOException e) {
        refusals.add(
            folder.parent() + " has " + spaceIn(folder) + " free (" + e.getMessage() + ")");
      }
    }
    return null;
  }

  private static EngineException full(long size, List<String> refusals) {
    return new EngineException(
        ErrorCode.SEGMENT,
        "the image needs "
            + megabytes(size)
            + " of shared memory, but "
            + String.join(" and ", refusals),
        "close other images, free some space there, or process a part of the image");
  }

  private static String spaceIn(SegmentFolder folder) {
    try {
      return megabytes(folder.free());
    } catch (IOException e) {
      return "nothing";
    }
  }

  private static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.0f MB", bytes / 1e6);
  }

  private boolean drain() {
    List<Segment> all;
    synchronized (this) {
      all = new ArrayList<>(free);
      free.clear();
    }
    all.forEach(this::dispose);
    return !all.isEmpty();
  }

  private void dispose(Segment segment) {
    peer.release(segment.name());
    segment.unmap();
    unlink(segment);
    synchronized (this) {
      unattached.remove(segment.name());
    }
  }

  private static void unlink(Segment segment) {
    try {
      Files.deleteIfExists(segment.file());
    } catch (IOException e) {
      Log.warn("the segment " + segment.file() + " cannot be deleted yet: " + e);
    }
  }

  /** Returns the bytes that are ready to be used again. */
  synchronized long idle() {
    return free.stream().mapToLong(Segment::bytes).sum();
  }
}
