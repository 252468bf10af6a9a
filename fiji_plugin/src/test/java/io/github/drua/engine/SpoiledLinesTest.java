package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.JsonObject;
import io.github.drua.Spoiled;
import java.io.IOException;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Lines of a broken engine end in a typed error or are passed over; the next call works. */
class SpoiledLinesTest extends ClientCase {
  private static final Logger LOG = Logger.getLogger("io.github.drua");

  private final Spoiled spoiled = new Spoiled(11);
  private List<JsonObject> golden;

  @BeforeEach
  void readGolden() throws IOException {
    golden = Golden.messages("responses");
    LOG.setLevel(Level.OFF); // it would say thousands of times what the test is about
  }

  @AfterEach
  void speakAgain() {
    LOG.setLevel(null);
  }

  @Test
  void everyCallEndsWithATypedErrorOrAResult() {
    client(this::answer);
    int failed = 0;
    for (int i = 0; i < Spoiled.EXAMPLES; i++) {
      try {
        client.call("spoiled", NOTHING, pixels(new byte[9]), Progress.NONE).close();
      } catch (EngineException e) {
        failed++;
      }
    }
    assertTrue(failed > 0);
    assertEquals(NOTHING, client.call("clean", NOTHING, Progress.NONE));
  }

  private void answer(FakeEngine.Line line, JsonObject request) {
    String task = task(request);
    if (request.getString("requestType", "").equals("CANCEL")) {
      line.say("CANCELATION", task);
      return;
    }
    if (!request.getString("requestType", "").equals("EXECUTE")) {
      return;
    }
    line.say("LAUNCH", task);
    for (int i = spoiled.below(4); i > 0 && request.getString("op", "").equals("spoiled"); i--) {
      line.listener.line(spoiledLine(task));
    }
    line.complete(task, NOTHING);
  }

  private String spoiledLine(String task) {
    JsonObject message = new JsonObject(golden.get(spoiled.below(golden.size())));
    if (message.get("task") != null) {
      message.set("task", task);
    }
    spoiled.spoil(message);
    return spoiled.below(2) == 0 ? message.toString() : spoiled.garble(message.toString());
  }
}
