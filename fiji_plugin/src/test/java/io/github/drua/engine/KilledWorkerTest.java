package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The real engine is killed at random moments: start, load, transfer, forward pass, reply. */
@EnabledIfEnvironmentVariable(named = "DRUA_PYTHON", matches = ".+")
class KilledWorkerTest extends RealCase {
  private static final int TRIALS = Integer.getInteger("drua.trials", 20);
  private static final long SEED = 41;

  /** About the milliseconds of a start and a call together. */
  private static final int LATEST = 1_500;

  private int killedInCall;
  private int killedOutside;
  private long slowest;

  @Test
  void everyKillIsToldWithinASecondAndTheNextCallWorks() throws Exception {
    String model = model();
    short[] expected = segment(model);
    int warm = millisOf(model);
    Random random = new Random(SEED);
    for (int i = 0; i < TRIALS; i++) {
      boolean cold = i % 4 == 0;
      if (cold) { // this trial begins with the start of an engine
        client.close();
        start();
      }
      shootDuring(model, random.nextInt(cold ? LATEST : warm));
      assertArrayEquals(expected, segment(model), "after shot " + i);
    }
    System.out.printf(
        "%d kills: %d in a call, %d before it began or after it; slowest report %d ms%n",
        TRIALS, killedInCall, killedOutside, slowest);
    assertTrue(killedInCall > 0);
  }

  private int millisOf(String model) {
    long begun = System.nanoTime();
    segment(model);
    return (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun) + 1;
  }

  private void shootDuring(String model, int delay) throws Exception {
    CompletableFuture<short[]> call = CompletableFuture.supplyAsync(() -> segment(model));
    long worker = worker();
    TimeUnit.MILLISECONDS.sleep(delay);
    assertEquals(0, new ProcessBuilder("kill", "-9", Long.toString(worker)).start().waitFor());
    long shot = System.nanoTime();
    try {
      assertNotNull(call.get(30, TimeUnit.SECONDS));
      killedOutside++;
    } catch (ExecutionException e) {
      long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - shot);
      checkReport(e.getCause(), millis);
    } catch (TimeoutException e) {
      throw new AssertionError("the call hangs, though its engine was killed", e);
    }
  }

  private void checkReport(Throwable report, long millis) {
    killedInCall++;
    slowest = Math.max(slowest, millis);
    assertTrue(millis < 1_000, "told after " + millis + " ms");
    assertEquals(EngineException.class, report.getClass(), report::toString);
    EngineException e = (EngineException) report;
    assertEquals(ErrorCode.WORKER_DIED, e.code());
    assertTrue(e.message().contains("exit code 137"), e.message());
    assertTrue(e.remedy().contains("run the command again"), e.remedy());
  }

  /** Returns the engine that is running or starting, which may not have said its number yet. */
  private static long worker() throws IOException, InterruptedException {
    for (int i = 0; i < 1_000; i++) {
      Process search =
          new ProcessBuilder("pgrep", "-P", Platform.pid(), "-f", "drua.worker").start();
      try (BufferedReader out =
          new BufferedReader(new InputStreamReader(search.getInputStream()))) {
        String pid = out.readLine();
        if (pid != null) {
          return Long.parseLong(pid);
        }
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
    throw new AssertionError("no engine was started");
  }
}
