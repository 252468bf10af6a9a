package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The plugin's end against the real engine, where the environment names one. */
@Timeout(120)
@EnabledIfEnvironmentVariable(named = "DRUA_PYTHON", matches = ".+")
class RealWorkerTest {
  private static final int HEIGHT = 131;
  private static final int WIDTH = 149;
  private static final JsonObject NOTHING = new JsonObject();

  private EngineClient client;

  @BeforeEach
  void start() {
    client = new EngineClient(WorkerProcess.launcher(), Segments::usual, Deadlines.USUAL);
  }

  @AfterEach
  void close() {
    client.close();
  }

  /** Bright discs on a dark ground, as 16-bit pixels. */
  private static Pixels discs() {
    short[] plane = new short[HEIGHT * WIDTH];
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        boolean inside = Math.hypot(x % 37 - 18, y % 41 - 20) < 11;
        plane[y * WIDTH + x] = (short) (inside ? 3000 + 7 * (x % 5) : 200 + 3 * (y % 7));
      }
    }
    return new Pixels() {
      @Override
      public JsonObject header() {
        return new JsonObject()
            .add("dtype", "uint16")
            .add("shape", Json.array(HEIGHT, WIDTH))
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
      public void writeTo(Segment segment) {
        segment.put(0, plane, 0, plane.length);
      }
    };
  }

  private String model() {
    JsonObject outputs = client.call("models", NOTHING, Progress.NONE);
    for (JsonValue card : outputs.get("models").asArray()) {
      if (card.asObject().getString("task", "").equals("segment")) {
        return card.asObject().getString("id", "");
      }
    }
    throw new AssertionError("no model that segments is installed: " + outputs);
  }

  private static JsonObject inputs(String model) {
    return new JsonObject()
        .add("model", model)
        .add("settings", new JsonObject())
        .add("channel", 0)
        .add("device", "cpu")
        .add("outlines", true)
        .add("save", Json.NULL)
        .add("source", "discs");
  }

  @Test
  void engineIntroducesItself() {
    assertEquals(Messages.PROTOCOL, client.hello().getInt("protocol", 0));
    assertTrue(client.pid() > 0);
    assertTrue(client.hello().get("devices").asArray().values().contains(Json.value("cpu")));
  }

  @Test
  void checkReports() {
    JsonObject outputs =
        client.call("check", new JsonObject().add("benchmark", false), Progress.NONE);
    assertTrue(outputs.getString("text", "").contains("Python"), outputs.toString());
  }

  @Test
  void modelsAreDescribed() {
    String model = model();
    JsonObject card =
        client
            .call("describe", new JsonObject().add("model", model), Progress.NONE)
            .get("card")
            .asObject();
    assertEquals(model, card.getString("id", ""));
    assertFalse(card.get("settings").asArray().isEmpty());
  }

  @Test
  void unknownModelAndUnknownOperationAreToldByCode() {
    assertEquals(ErrorCode.UNKNOWN_MODEL, failure("describe", new JsonObject().add("model", "x")));
    assertEquals(ErrorCode.PROTOCOL, failure("fly", NOTHING));
  }

  private ErrorCode failure(String op, JsonObject inputs) {
    return assertThrows(EngineException.class, () -> client.call(op, inputs, Progress.NONE)).code();
  }

  @Test
  void twentyImagesGiveTheSameLabelsInOneProcess() {
    String model = model();
    long pid = client.pid();
    short[] first = segment(model);
    for (int i = 1; i < 20; i++) {
      assertArrayEquals(first, segment(model));
    }
    assertEquals(pid, client.pid());
  }

  private short[] segment(String model) {
    try (Result result = client.call("segment", inputs(model), discs(), Progress.NONE)) {
      JsonObject labels = result.outputs().get("labels").asObject();
      assertEquals(Json.array(1, 1, HEIGHT, WIDTH), labels.get("shape"));
      short[] plane = new short[HEIGHT * WIDTH];
      result.segment().get(labels.getLong("offset", -1), plane, 0, plane.length);
      return plane;
    }
  }

  @Test
  void cancelIsHeardAndTheProcessStays() {
    String model = model();
    long pid = client.pid();
    Progress atOnce =
        new Progress() {
          @Override
          public void update(String message, long current, long maximum) {
            // only the wish to stop matters here
          }

          @Override
          public boolean cancelled() {
            return true;
          }
        };
    assertThrows(
        CancelledException.class, () -> client.call("segment", inputs(model), discs(), atOnce));
    assertEquals(WIDTH * HEIGHT, segment(model).length);
    assertEquals(pid, client.pid());
  }

  @Test
  void killedEngineIsReplaced() throws Exception {
    long pid = client.pid();
    Process kill = new ProcessBuilder(Arrays.asList("kill", "-9", Long.toString(pid))).start();
    assertEquals(0, kill.waitFor());
    for (int i = 0; i < 100 && client.pid() == pid; i++) {
      Thread.sleep(20);
    }
    assertNotEquals(pid, client.pid());
    client.call("models", NOTHING, Progress.NONE);
  }
}
