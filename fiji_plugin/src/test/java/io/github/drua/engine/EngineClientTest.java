package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EngineClientTest extends ClientCase {
  @Test
  void callReturnsOutputs() {
    executing((line, task) -> line.complete(task, new JsonObject().add("x", 5)));
    assertEquals(5, client.call("models", NOTHING, Progress.NONE).getInt("x", 0));
    assertEquals("inprocess", client.route());
    assertEquals(77, client.pid());
    assertEquals("9.9", client.hello().getString("engine", ""));
    assertEquals(1, engine.lines.size());
  }

  @Test
  void progressIsToldOnTheCallingThread() {
    executing(
        (line, task) -> {
          line.say(update(task));
          line.complete(task, NOTHING);
        });
    List<String> heard = new ArrayList<>();
    Progress progress =
        new Progress() {
          @Override
          public void update(String message, long current, long maximum) {
            heard.add(message + current + maximum + Thread.currentThread().getName());
          }

          @Override
          public boolean cancelled() {
            return false;
          }
        };
    client.call("x", NOTHING, progress);
    assertEquals(Collections.singletonList("tiles312" + Thread.currentThread().getName()), heard);
  }

  @Test
  void imageGoesAndResultComesThroughSegments() {
    client(
        (line, request) -> {
          if (request.getString("requestType", "").equals("EXECUTE")) {
            line.say(
                new JsonObject()
                    .add("responseType", "NEED")
                    .add("task", task(request))
                    .add("bytes", 3 << 20));
          } else {
            line.complete(task(request), new JsonObject().add("granted", request.get("segment")));
          }
        });
    try (Result result =
        client.call(
            "segment", new JsonObject().add("model", "m"), pixels(new byte[7]), Progress.NONE)) {
      assertEquals(3 << 20, result.segment().bytes());
      assertEquals(result.segment().name(), result.outputs().getString("granted", ""));
      JsonObject inputs = executed(0);
      assertEquals("m", inputs.getString("model", ""));
      JsonObject image = inputs.get("image").asObject();
      assertEquals("uint8", image.getString("dtype", ""));
      assertEquals(0, image.getInt("offset", -1));
      assertNotEquals(result.segment().name(), image.getString("segment", ""));
    }
    assertEquals(2, engine.heard("ATTACH"));
  }

  private JsonObject executed(int index) {
    return engine.requests.stream()
        .filter(r -> r.getString("requestType", "").equals("EXECUTE"))
        .skip(index)
        .findFirst()
        .get()
        .get("inputs")
        .asObject();
  }

  @Test
  void expectedImageFindsItsMemoryReady() throws InterruptedException {
    executing((line, task) -> line.complete(task, NOTHING));
    client.expect(3 << 20);
    assertEquals(0, engine.heard("ATTACH"), "no engine was started for it");
    client.call("models", NOTHING, Progress.NONE);
    client.expect(3 << 20, 1);
    for (int i = 0; i < 200 && engine.heard("ATTACH") < 2; i++) {
      Thread.sleep(10);
    }
    client.call("segment", NOTHING, pixels(new byte[3 << 20]), Progress.NONE).close();
    assertEquals(2, engine.heard("ATTACH"));
  }

  @Test
  void segmentsAreAttachedOnceForManyCalls() {
    executing((line, task) -> line.complete(task, NOTHING));
    for (int i = 0; i < 20; i++) {
      client.call("segment", NOTHING, pixels(new byte[1 << 16]), Progress.NONE).close();
    }
    assertEquals(1, engine.heard("ATTACH"));
    assertEquals(20, engine.heard("EXECUTE"));
  }

  @Test
  void furtherImagesTravelByNameInSegmentsThatAreUsedAgain() {
    executing((line, task) -> line.complete(task, NOTHING));
    Map<String, Pixels> others = new LinkedHashMap<>();
    others.put("b", pixels(new byte[3 << 20]));
    others.put("a", pixels(new byte[2]));
    for (int i = 0; i < 20; i++) {
      client.call("run", NOTHING, pixels(new byte[1 << 20]), others, Progress.NONE).close();
    }
    assertEquals(3, engine.heard("ATTACH"));
    JsonObject inputs = executed(19);
    JsonObject further = inputs.get("inputs").asObject();
    assertEquals(Arrays.asList("b", "a"), further.names());
    assertEquals("[2]", further.get("a").asObject().get("shape").toString());
    assertEquals(
        3,
        Stream.of(inputs.get("image"), further.get("a"), further.get("b"))
            .map(image -> image.asObject().getString("segment", ""))
            .distinct()
            .count());
  }

  @Test
  void imageThatCannotBeReadGivesAllSegmentsBack() {
    executing((line, task) -> line.complete(task, NOTHING));
    IllegalStateException fault = new IllegalStateException("gone");
    Pixels broken = unwritable(fault);
    for (int i = 0; i < 20; i++) {
      assertSame(
          fault,
          assertThrows(
              IllegalStateException.class,
              () ->
                  client.call(
                      "run",
                      NOTHING,
                      pixels(new byte[9]),
                      Collections.singletonMap("mask", broken),
                      Progress.NONE)));
    }
    client.call("x", NOTHING, Progress.NONE);
    assertEquals(2, engine.heard("ATTACH"));
    assertEquals(1, engine.heard("EXECUTE"));
  }

  /** Pixels that cannot be written. */
  private static Pixels unwritable(RuntimeException fault) {
    return new Pixels() {
      @Override
      public JsonObject header() {
        return NOTHING;
      }

      @Override
      public long bytes() {
        return 9;
      }

      @Override
      public void writeTo(Segment segment, Progress progress) {
        throw fault;
      }
    };
  }

  @Test
  void resultWithoutArraysHasNoSegment() {
    executing((line, task) -> line.complete(task, NOTHING));
    Result result = client.call("segment", NOTHING, pixels(new byte[1]), Progress.NONE);
    assertNull(result.segment());
    result.close();
    result.close();
  }

  @Test
  void failureIsAnEngineException() {
    executing(
        (line, task) ->
            line.listener.line(
                "{\"responseType\":\"FAILURE\",\"task\":\""
                    + task
                    + "\",\"error\":{\"code\":"
                    + "\"SETTING\",\"message\":\"a is 7\",\"remedy\":\"make it 3\"}}"));
    EngineException e = failure();
    assertEquals(ErrorCode.SETTING, e.code());
    assertEquals("a is 7; make it 3", e.getMessage());
  }

  @Test
  void unknownResponsesAndThoseToNobodyAreIgnored() {
    executing(
        (line, task) -> {
          line.say("NEWS", task);
          line.say("UPDATE", "nobody");
          line.say("COMPLETION", "nobody");
          line.complete(task, NOTHING);
        });
    client.call("x", NOTHING, Progress.NONE);
  }

  @Test
  void resultOutlivesItsEngine() {
    client(
        (line, request) -> {
          if (request.getString("requestType", "").equals("EXECUTE")) {
            line.say(
                new JsonObject()
                    .add("responseType", "NEED")
                    .add("task", task(request))
                    .add("bytes", 9));
          } else {
            line.complete(task(request), NOTHING);
          }
        });
    try (Result result = client.call("x", NOTHING, null, Progress.NONE)) {
      engine.lines.get(0).listener.closed("gone");
      result.segment().get(0, new byte[9], 0, 9);
    }
  }

  @Test
  void closedClientSaysSo() {
    executing((line, task) -> line.complete(task, NOTHING));
    client.call("x", NOTHING, Progress.NONE);
    client.close();
    assertEquals(ErrorCode.BRIDGE, failure().code());
    assertTrue(engine.lines.get(0).closed);
  }

  @Test
  void sentenceIsNewsOnceWhileTheEngineIsThere() {
    executing((line, task) -> line.complete(task, NOTHING));
    assertTrue(client.isNews("a is a prediction"));
    assertFalse(client.isNews("a is a prediction"));
    assertTrue(client.isNews("b is a prediction"));
  }

  @Test
  void severalThreadsMayCall() {
    executing((line, task) -> line.complete(task, new JsonObject().add("task", task)));
    List<CompletableFuture<String>> calls = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      calls.add(
          CompletableFuture.supplyAsync(
              () -> {
                try (Result r = client.call("x", NOTHING, pixels(new byte[99]), Progress.NONE)) {
                  return r.outputs().getString("task", "");
                }
              }));
    }
    assertEquals(50, calls.stream().map(CompletableFuture::join).distinct().count());
    assertEquals(1, engine.lines.size());
  }
}
