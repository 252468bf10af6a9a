package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Calls of the real engine are cancelled at random moments. */
@EnabledIfEnvironmentVariable(named = "DRUA_PYTHON", matches = ".+")
class CancelTrialsTest extends RealCase {
  private static final int TRIALS = Integer.getInteger("drua.trials", 20);
  private static final long SEED = 17;

  /** Several tiles of the shipped model, so that there is something to stop. */
  private static final int SIDE = 1_100;

  private static final long SECONDS_OF_A_TILE = 5;

  private int cancelled;
  private long slowestAnswer;
  private long slowestEnd;

  @Test
  void everyCancelIsAnsweredInATenthOfASecondAndTheEngineStays() {
    String model = model();
    final short[] expected = segment(model);
    long pid = client.pid();
    Pixels large = discs(SIDE, SIDE);
    Random random = new Random(SEED);
    for (int i = 0; i < TRIALS; i++) {
      cancel(model, large, random.nextInt(1_000));
    }
    assertArrayEquals(expected, segment(model));
    assertEquals(pid, client.pid());
    System.out.printf(
        "%d cancelled calls: answered within %d ms, ended within %d ms%n",
        cancelled, slowestAnswer, slowestEnd);
    assertTrue(cancelled > TRIALS / 2);
    assertTrue(slowestAnswer <= 100, "answered after " + slowestAnswer + " ms");
    assertTrue(slowestEnd <= TimeUnit.SECONDS.toMillis(SECONDS_OF_A_TILE));
  }

  private void cancel(String model, Pixels image, int millis) {
    Timer timer = new Timer(millis);
    try {
      client.call("segment", inputs(model), image, timer).close();
    } catch (CancelledException e) {
      cancelled++;
      slowestAnswer = Math.max(slowestAnswer, timer.answered);
      slowestEnd = Math.max(slowestEnd, timer.sinceWish());
    }
  }

  /** A watcher that wants to stop after a while, and measures how long that takes. */
  private static final class Timer implements Progress {
    private final long wish;
    private long answered;

    Timer(int millis) {
      wish = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    long sinceWish() {
      return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - wish);
    }

    @Override
    public void update(String message, long current, long maximum) {
      // only the clock matters here
    }

    @Override
    public boolean cancelled() {
      return System.nanoTime() >= wish;
    }

    @Override
    public void stopping() {
      answered = sinceWish();
    }
  }
}
