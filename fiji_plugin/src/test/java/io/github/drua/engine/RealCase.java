package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A client of the real engine, and an image of discs for it. */
abstract class RealCase {
  static final int HEIGHT = 131;
  static final int WIDTH = 149;
  static final JsonObject NOTHING = new JsonObject();

  EngineClient client;

  @BeforeEach
  void start() {
    client = new EngineClient(WorkerProcess.launcher(), Segments::usual, Deadlines.USUAL);
  }

  @AfterEach
  void close() {
    client.close();
  }

  /** Bright discs on a dark ground, as 16-bit pixels. */
  static Pixels discs() {
    return discs(HEIGHT, WIDTH);
  }

  static Pixels discs(int height, int width) {
    short[] plane = new short[height * width];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        boolean inside = Math.hypot(x % 37 - 18, y % 41 - 20) < 11;
        plane[y * width + x] = (short) (inside ? 3000 + 7 * (x % 5) : 200 + 3 * (y % 7));
      }
    }
    return new Pixels() {
      @Override
      public JsonObject header() {
        return new JsonObject()
            .add("dtype", "uint16")
            .add("shape", Json.array(height, width))
            .add("axes", "YX")
            .add("pixel_size", new JsonObject().add("Y", 0.5).add("X", 0.5))
            .add("unit", "micron")
            .add("time_unit", "sec")
            .add("origin", new JsonObject())
            .add("channel_names", Json.NULL);
      }

      @Override
      public long bytes() {
        return 2L * plane.length;
      }

      @Override
      public void writeTo(Segment segment, Progress progress) {
        segment.put(0, plane, 0, plane.length);
      }
    };
  }

  String model() {
    JsonObject outputs = client.call("models", NOTHING, Progress.NONE);
    for (JsonValue card : outputs.get("models").asArray()) {
      if (card.asObject().getString("task", "").equals("segment")) {
        return card.asObject().getString("id", "");
      }
    }
    throw new AssertionError("no model that segments is installed: " + outputs);
  }

  static JsonObject inputs(String model) {
    return new JsonObject()
        .add("model", model)
        .add("settings", new JsonObject())
        .add("channel", 0)
        .add("device", "cpu")
        .add("outlines", true)
        .add("save", Json.NULL)
        .add("source", "discs");
  }

  short[] segment(String model) {
    try (Result result = client.call("segment", inputs(model), discs(), Progress.NONE)) {
      JsonObject labels = result.outputs().get("labels").asObject();
      assertEquals(Json.array(1, 1, HEIGHT, WIDTH), labels.get("shape"));
      short[] plane = new short[HEIGHT * WIDTH];
      result.segment().get(labels.getLong("offset", -1), plane, 0, plane.length);
      return plane;
    }
  }
}
