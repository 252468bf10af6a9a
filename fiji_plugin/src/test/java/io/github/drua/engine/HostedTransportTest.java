package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.JsonObject;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What Python raises arrives as a checked exception that no signature declares. */
@Timeout(30)
class HostedTransportTest {
  private static final String HELLO =
      "{\"responseType\":\"HELLO\",\"protocol\":1,\"engine\":\"0\",\"python\":\"0\",\"pid\":1,"
          + "\"devices\":[\"cpu\"]}";

  @Test
  void errorOfConnectIsTold() {
    EngineException error =
        assertThrows(
            EngineException.class,
            () -> call(listener -> HostedTransportTest.<RuntimeException, Mute>raise()));
    assertEquals(ErrorCode.BRIDGE, error.code());
    assertTrue(error.message().contains("no memory"), error.message());
  }

  @Test
  void errorOfSendEndsTheTask() {
    EngineException error = assertThrows(EngineException.class, () -> call(Mute::new));
    assertEquals(ErrorCode.WORKER_DIED, error.code());
    assertTrue(error.message().contains("no memory"), error.message());
  }

  private static void call(HostedEngine engine) {
    EngineClient client =
        new EngineClient(HostedTransport.launcher(engine), Segments::usual, Deadlines.USUAL);
    client.call("models", new JsonObject(), Progress.NONE);
  }

  @SuppressWarnings("unchecked") // the compiler takes the exception for one that it does not check
  private static <E extends Throwable, T> T raise() throws E {
    throw (E) new ExecutionException("no memory", null);
  }

  /** Greets, and fails at every request. */
  private static final class Mute implements HostedEngine.Connection {
    Mute(LineListener listener) {
      Threads.daemon("greeting", () -> listener.line(HELLO));
    }

    @Override
    public void send(String line) {
      HostedTransportTest.<RuntimeException, Void>raise();
    }

    @Override
    public void close() {
      HostedTransportTest.<RuntimeException, Void>raise();
    }
  }
}
