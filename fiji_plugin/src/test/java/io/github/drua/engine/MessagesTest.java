package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesTest {
  private static final Segment S1 = segment("s1");
  private static final Segment S2 = segment("s2");

  private static Segment segment(String name) {
    MappedByteBuffer[] none = {};
    return new Segment(Paths.get("/dev/shm/drua-x", name), 1048576, 1 << 30, none);
  }

  private static JsonObject golden(String kind) throws IOException {
    return Golden.message("requests", "requestType", kind);
  }

  @Test
  void requestsAreTheGoldenOnes() throws IOException {
    assertEquals(golden("CANCEL"), Json.parse(Messages.cancel("7")));
    assertEquals(golden("FINISH"), Json.parse(Messages.finish("13")));
    assertEquals(golden("ATTACH"), Json.parse(Messages.attach(S1)));
    assertEquals(golden("RELEASE"), Json.parse(Messages.release(Arrays.asList("s1", "s2"))));
    assertEquals(golden("GRANT"), Json.parse(Messages.grant("7", S2)));
    assertEquals(golden("PING"), Json.parse(Messages.ping(41)));
    assertEquals(golden("SHUTDOWN"), Json.parse(Messages.shutdown()));
  }

  @Test
  void imageIsItsHeaderAndItsPlace() throws IOException {
    JsonObject image = golden("EXECUTE").get("inputs").asObject().get("image").asObject();
    JsonObject header = new JsonObject(image).remove("segment").remove("offset");
    assertEquals(image, Messages.image(header, S1));
    assertNull(header.get("segment"));
    JsonObject inputs = golden("EXECUTE").get("inputs").asObject();
    assertEquals(golden("EXECUTE"), Json.parse(Messages.execute("7", "segment", inputs)));
  }

  @Test
  void requestIsOneLine() {
    String line = Messages.execute("1", "x", new JsonObject().add("a", "one\ntwo\r\u0000"));
    assertEquals(-1, line.indexOf('\n'));
    assertEquals(-1, line.indexOf('\r'));
  }

  @Test
  void everyGoldenResponseIsKnown() throws IOException {
    for (JsonObject message : Golden.messages("responses")) {
      Response response = Messages.parse(message.toString());
      assertEquals(message.getString("responseType", ""), response.kind.name());
      assertNotEquals(Response.Kind.OTHER, response.kind);
    }
  }

  @Test
  void responsesAreRead() throws IOException {
    Response need = response("NEED");
    assertEquals("7", need.task);
    assertEquals(884736, need.number("bytes"));
    assertEquals(1, Messages.outputs(response("COMPLETION")).getInt("count", 0));
    assertEquals(Collections.singletonList("s1"), Messages.segments(response("ATTACHED")));
    EngineException error = Messages.error(response("FAILURE"));
    assertEquals(ErrorCode.SETTING, error.code());
    assertEquals("choose a value in that range", error.remedy());
    assertEquals(error.message() + "; " + error.remedy(), error.getMessage());
  }

  private static Response response(String kind) throws IOException {
    return Messages.parse(Golden.message("responses", "responseType", kind).toString());
  }

  @Test
  void failureWithoutTaskHasNone() {
    assertNull(Messages.parse("{\"responseType\":\"FAILURE\",\"task\":null}").task);
  }

  @Test
  void unknownWordIsOther() {
    assertEquals(Response.Kind.OTHER, Messages.parse("{\"responseType\":\"NEWS\"}").kind);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "[]",
        "{}",
        "{\"responseType\":1}",
        "{\"responseType\":\"LAUNCH\"",
        "null"
      })
  void garbageIsProtocolError(String line) {
    EngineException e = assertThrows(EngineException.class, () -> Messages.parse(line));
    assertEquals(ErrorCode.PROTOCOL, e.code());
  }

  @Test
  void hugeLinesAreRefused() {
    char[] huge = new char[Messages.LIMIT];
    Arrays.fill(huge, 'x');
    JsonObject inputs = new JsonObject().add("text", new String(huge));
    EngineException e =
        assertThrows(EngineException.class, () -> Messages.execute("1", "op", inputs));
    assertTrue(e.getMessage().contains("16777216"), e.getMessage());
  }
}
