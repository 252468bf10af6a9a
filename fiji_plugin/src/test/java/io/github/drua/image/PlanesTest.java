package io.github.drua.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class PlanesTest {
  private static final long LARGE = 1L << 30;
  private static final int COUNT = 101;

  @Test
  void everyPlaneIsDoneOnce() {
    int[] once = new int[COUNT];
    Arrays.fill(once, 1);
    for (long bytes : new long[] {1, LARGE}) {
      AtomicIntegerArray done = new AtomicIntegerArray(COUNT);
      Planes.each(COUNT, bytes, done::incrementAndGet);
      int[] counts = new int[COUNT];
      Arrays.setAll(counts, done::get);
      assertArrayEquals(once, counts);
    }
  }

  @Test
  void smallImagesAreWorthNoThread() {
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Planes.each(COUNT, COUNT, i -> threads.add(Thread.currentThread()));
    assertEquals(1, threads.size());
  }

  @Test
  void failureReachesTheCallerFromEitherThread() {
    Thread caller = Thread.currentThread();
    for (boolean mine : new boolean[] {true, false}) {
      CountDownLatch failed = new CountDownLatch(1);
      IllegalStateException thrown =
          assertThrows(
              IllegalStateException.class,
              () ->
                  Planes.each(
                      2,
                      LARGE,
                      i -> {
                        if (Thread.currentThread() == caller == mine) {
                          failed.countDown();
                          throw new IllegalStateException("plane");
                        }
                        await(failed);
                      }));
      assertEquals("plane", thrown.getMessage());
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
