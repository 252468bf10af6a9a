package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** A client whose engine does what the test says. */
abstract class ClientCase {
  static final Deadlines SHORT = new Deadlines(400, 300, 100, 500, 200);
  static final JsonObject NOTHING = new JsonObject();

  @TempDir Path memory;
  FakeEngine engine;
  EngineClient client;

  EngineClient client(BiConsumer<FakeEngine.Line, JsonObject> behaviour) {
    engine = new FakeEngine(behaviour);
    client = new EngineClient(HostedTransport.launcher(engine), peer -> pool(peer, memory), SHORT);
    return client;
  }

  /** Returns a client whose engine hears only EXECUTE, by its task. */
  EngineClient executing(BiConsumer<FakeEngine.Line, String> behaviour) {
    return client(
        (line, request) -> {
          if (request.getString("requestType", "").equals("EXECUTE")) {
            line.say("LAUNCH", task(request));
            behaviour.accept(line, task(request));
          }
        });
  }

  static Segments pool(Segments.Peer peer, Path memory) {
    Platform platform =
        new Platform(Platform.Kind.LINUX, Collections.emptyMap(), memory, memory, memory);
    SegmentFolder folder =
        new SegmentFolder(memory, platform, SegmentFolder::writeZeros, Segments.WINDOW);
    return new Segments(Collections.singletonList(folder), platform, peer);
  }

  static String task(JsonObject request) {
    return request.getString("task", "");
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    try (Stream<Path> left = Files.list(memory)) {
      assertEquals(0, left.count(), "segments are left behind");
    }
  }

  /** Bytes as pixels. */
  static Pixels pixels(byte[] bytes) {
    return new Pixels() {
      @Override
      public JsonObject header() {
        return new JsonObject().add("dtype", "uint8").add("shape", Json.array(bytes.length));
      }

      @Override
      public long bytes() {
        return bytes.length;
      }

      @Override
      public void writeTo(Segment segment, Progress progress) {
        segment.put(0, bytes, 0, bytes.length);
      }
    };
  }

  /** A watcher that wants to stop once something has begun. */
  static final class Impatient implements Progress {
    final List<String> heard = new ArrayList<>();
    volatile boolean stop;

    @Override
    public void update(String message, long current, long maximum) {
      heard.add(message + " " + current + "/" + maximum + " " + Thread.currentThread().getName());
      stop = true;
    }

    @Override
    public boolean cancelled() {
      return stop;
    }
  }

  static JsonObject update(String task) {
    return new JsonObject()
        .add("responseType", "UPDATE")
        .add("task", task)
        .add("message", "tiles")
        .add("current", 3)
        .add("maximum", 12);
  }

  EngineException failure() {
    return assertThrows(EngineException.class, () -> client.call("x", NOTHING, Progress.NONE));
  }
}
