package io.github.drua.engine;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BiConsumer;

/**
 * An engine in this process that does what a test says.
 *
 * <p>The test's behaviour hears every EXECUTE, CANCEL and GRANT, on the engine's own thread.
 */
final class FakeEngine implements HostedEngine {
  /** Every request heard, over all connections. */
  final List<JsonObject> requests = new CopyOnWriteArrayList<>();

  final List<Line> lines = new CopyOnWriteArrayList<>();

  private final BiConsumer<Line, JsonObject> behaviour;

  /** What it says first; null to say nothing. */
  volatile String hello =
      "{\"responseType\":\"HELLO\",\"protocol\":1,\"engine\":\"9.9\",\"pid\":77,\"devices\":[]}";

  /** Whether it answers ATTACH and PING. */
  volatile boolean responsive = true;

  FakeEngine(BiConsumer<Line, JsonObject> behaviour) {
    this.behaviour = behaviour;
  }

  @Override
  public Connection connect(LineListener listener) {
    Line line = new Line(listener);
    lines.add(line);
    Threads.daemon("fake-engine", line::live);
    return line;
  }

  /** Returns how many requests of a type it heard. */
  long heard(String type) {
    return requests.stream().filter(r -> r.getString("requestType", "").equals(type)).count();
  }

  /** One connection. */
  final class Line implements Connection {
    final LineListener listener;
    private final BlockingQueue<String> incoming = new LinkedBlockingQueue<>();
    volatile boolean closed;

    Line(LineListener listener) {
      this.listener = listener;
    }

    @Override
    public void send(String line) {
      incoming.add(line);
    }

    @Override
    public void close() {
      closed = true;
    }

    void say(JsonObject response) {
      listener.line(response.toString());
    }

    void say(String type, String task) {
      say(new JsonObject().add("responseType", type).add("task", task));
    }

    void complete(String task, JsonObject outputs) {
      say(
          new JsonObject()
              .add("responseType", "COMPLETION")
              .add("task", task)
              .add("outputs", outputs));
    }

    private void live() {
      if (hello != null) {
        listener.line(hello);
      }
      try {
        while (true) {
          hear(Json.parse(incoming.take()).asObject());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private void hear(JsonObject request) {
      requests.add(request);
      switch (request.getString("requestType", "")) {
        case "PING":
          if (responsive) {
            say(new JsonObject().add("responseType", "PONG").add("id", request.get("id")));
          }
          break;
        case "ATTACH":
          if (responsive) {
            String name = request.get("segments").asArray().get(0).asObject().getString("name", "");
            say(new JsonObject().add("responseType", "ATTACHED").add("segments", Json.array(name)));
          }
          break;
        case "RELEASE":
        case "SHUTDOWN":
          break;
        default:
          behaviour.accept(this, request);
          break;
      }
    }
  }
}
