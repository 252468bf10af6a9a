package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.JsonObject;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EngineCancelTest extends ClientCase {
  @Test
  void cancelIsSentOnceAndWaitedFor() {
    client(
        (line, request) -> {
          if (request.getString("requestType", "").equals("CANCEL")) {
            line.say("CANCELATION", task(request));
          } else {
            line.say("LAUNCH", task(request));
            line.say(update(task(request)));
          }
        });
    Impatient impatient = new Impatient();
    assertThrows(CancelledException.class, () -> client.call("x", NOTHING, impatient));
    assertEquals(1, impatient.heard.size());
    assertEquals(1, engine.heard("CANCEL"));
    assertFalse(engine.lines.get(0).closed);
  }

  @Test
  void engineThatIsDeafToCancelIsEnded() throws InterruptedException {
    executing((line, task) -> line.say(update(task)));
    assertThrows(CancelledException.class, () -> client.call("x", NOTHING, new Impatient()));
    eventually(() -> engine.lines.get(0).closed);
    assertThrows(CancelledException.class, () -> client.call("x", NOTHING, new Impatient()));
    assertEquals(2, engine.lines.size());
  }

  private static void eventually(BooleanSupplier what) throws InterruptedException {
    for (int i = 0; i < 200 && !what.getAsBoolean(); i++) {
      Thread.sleep(10);
    }
    assertTrue(what.getAsBoolean());
  }

  @Test
  void waitingTaskIsCancelledWithoutHarmToTheOneThatRuns() throws Exception {
    CompletableFuture<String> first = new CompletableFuture<>();
    CompletableFuture<String> second = new CompletableFuture<>();
    client(
        (line, request) -> {
          if (!request.getString("requestType", "").equals("EXECUTE")) {
            return; // a busy engine
          }
          if (first.isDone()) {
            second.complete(task(request));
          } else {
            line.say("LAUNCH", task(request));
            first.complete(task(request));
          }
        });
    CompletableFuture<JsonObject> runs =
        CompletableFuture.supplyAsync(() -> client.call("long", NOTHING, Progress.NONE));
    first.get(5, TimeUnit.SECONDS);
    Impatient impatient = new Impatient();
    impatient.stop = true;
    assertThrows(
        CancelledException.class, () -> client.call("x", NOTHING, pixels(new byte[9]), impatient));
    FakeEngine.Line line = engine.lines.get(0);
    line.complete(first.get(), new JsonObject().add("done", true));
    assertTrue(runs.get(5, TimeUnit.SECONDS).getBoolean("done", false));
    line.say("CANCELATION", second.get());
    // The abandoned task's segment is back in the pool, so it is not attached a second time.
    CompletableFuture.runAsync(
        () -> client.call("y", NOTHING, pixels(new byte[9]), Progress.NONE).close());
    eventually(() -> engine.heard("EXECUTE") == 3);
    assertEquals(1, engine.heard("ATTACH"));
  }

  @Test
  void waitingTaskTellsThatItWaitsAndWhenItBegins() throws Exception {
    CompletableFuture<String> first = new CompletableFuture<>();
    CompletableFuture<String> second = new CompletableFuture<>();
    client(
        (line, request) -> {
          if (first.isDone()) {
            second.complete(task(request));
          } else {
            line.say("LAUNCH", task(request));
            first.complete(task(request));
          }
        });
    Told runs = new Told();
    Told waits = new Told();
    CompletableFuture<JsonObject> running =
        CompletableFuture.supplyAsync(() -> client.call("long", NOTHING, runs));
    first.get(5, TimeUnit.SECONDS);
    CompletableFuture<JsonObject> waiting =
        CompletableFuture.supplyAsync(() -> client.call("x", NOTHING, waits));
    second.get(5, TimeUnit.SECONDS);
    eventually(() -> waits.heard.size() == 1);
    Thread.sleep(3 * Task.POLL);
    assertEquals("[waiting for another run of Drua to end]", waits.heard.toString());
    FakeEngine.Line line = engine.lines.get(0);
    line.complete(first.get(), NOTHING);
    running.get(5, TimeUnit.SECONDS);
    line.say("LAUNCH", second.get());
    eventually(() -> waits.heard.size() == 2);
    line.complete(second.get(), NOTHING);
    waiting.get(5, TimeUnit.SECONDS);
    assertEquals("[waiting for another run of Drua to end, beginning]", waits.heard.toString());
    assertEquals("[]", runs.heard.toString());
  }

  /** A watcher that keeps what it was told. */
  private static final class Told implements Progress {
    final List<String> heard = new CopyOnWriteArrayList<>();

    @Override
    public void update(String message, long current, long maximum) {
      heard.add(message);
    }

    @Override
    public boolean cancelled() {
      return false;
    }
  }

  @Test
  void finishIsSentOnceAndItsResultHasNoDeadline() {
    client(
        (line, request) -> {
          switch (request.getString("requestType", "")) {
            case "FINISH":
              Threads.daemon(
                  "late",
                  () -> {
                    pause(2 * SHORT.grace);
                    line.complete(task(request), new JsonObject().add("kept", true));
                  });
              break;
            default:
              line.say("LAUNCH", task(request));
              line.say(update(task(request)));
          }
        });
    Satisfied satisfied = new Satisfied();
    assertTrue(client.call("x", NOTHING, satisfied).getBoolean("kept", false));
    assertEquals(1, engine.heard("FINISH"));
    assertEquals(0, engine.heard("CANCEL"));
  }

  @Test
  void whatIsFinishingCanStillBeCancelled() {
    client(
        (line, request) -> {
          switch (request.getString("requestType", "")) {
            case "FINISH":
              break;
            case "CANCEL":
              line.say("CANCELATION", task(request));
              break;
            default:
              line.say("LAUNCH", task(request));
              line.say(update(task(request)));
          }
        });
    Satisfied satisfied =
        new Satisfied() {
          @Override
          public boolean cancelled() {
            return engine.heard("FINISH") > 0;
          }
        };
    assertThrows(CancelledException.class, () -> client.call("x", NOTHING, satisfied));
    assertEquals(1, engine.heard("FINISH"));
    assertFalse(engine.lines.get(0).closed);
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A watcher who has enough once something has begun. */
  private static class Satisfied implements Progress {
    private volatile boolean begun;

    @Override
    public void update(String message, long current, long maximum) {
      begun = true;
    }

    @Override
    public boolean cancelled() {
      return false;
    }

    @Override
    public boolean finishing() {
      return begun;
    }
  }

  @Test
  void faultOfTheWatcherStopsTheTask() {
    client(
        (line, request) -> {
          if (request.getString("requestType", "").equals("CANCEL")) {
            line.say("CANCELATION", task(request));
          } else {
            line.say(update(task(request)));
          }
        });
    IllegalStateException fault = new IllegalStateException("window closed");
    Progress broken =
        new Progress() {
          @Override
          public void update(String message, long current, long maximum) {
            throw fault;
          }

          @Override
          public boolean cancelled() {
            return false;
          }
        };
    assertSame(
        fault, assertThrows(IllegalStateException.class, () -> client.call("x", NOTHING, broken)));
  }

  @Test
  void interruptIsCancel() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    client(
        (line, request) -> {
          if (request.getString("requestType", "").equals("CANCEL")) {
            line.say("CANCELATION", task(request));
          } else {
            begun.countDown();
          }
        });
    boolean[] seen = new boolean[2];
    Thread caller =
        new Thread(
            () -> {
              try {
                client.call("x", NOTHING, Progress.NONE);
              } catch (CancelledException e) {
                seen[0] = true;
                seen[1] = Thread.currentThread().isInterrupted();
              }
            });
    caller.start();
    assertTrue(begun.await(5, TimeUnit.SECONDS));
    caller.interrupt();
    caller.join(5_000);
    assertTrue(seen[0] && seen[1]);
  }

  @Test
  void startCanBeCancelled() {
    client((line, request) -> {});
    engine.hello = null;
    Impatient impatient = new Impatient();
    impatient.stop = true;
    assertThrows(CancelledException.class, () -> client.call("x", NOTHING, impatient));
  }
}
