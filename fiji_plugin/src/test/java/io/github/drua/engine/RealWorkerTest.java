package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The plugin's end against the real engine, where the environment names one. */
@Timeout(120)
@EnabledIfEnvironmentVariable(named = "DRUA_PYTHON", matches = ".+")
class RealWorkerTest extends RealCase {
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
