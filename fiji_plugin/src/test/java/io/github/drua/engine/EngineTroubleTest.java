package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EngineTroubleTest extends ClientCase {
  @Test
  void garbageFailsWhatRunsAndTheEngineGoesOn() {
    client(
        (line, request) -> {
          String task = task(request);
          boolean cancel = request.getString("requestType", "").equals("CANCEL");
          if (cancel) {
            line.say("CANCELATION", task);
          } else if (request.getString("op", "").equals("bad")) {
            line.say("LAUNCH", task);
            line.listener.line("50%|#####   \"COMPL");
          } else {
            line.complete(task, NOTHING);
          }
        });
    EngineException e =
        assertThrows(EngineException.class, () -> client.call("bad", NOTHING, Progress.NONE));
    assertEquals(ErrorCode.PROTOCOL, e.code());
    client.call("good", NOTHING, Progress.NONE);
    assertEquals(1, engine.lines.size());
  }

  @Test
  void requestThatTheEngineDidNotUnderstandFailsWhatWaits() {
    client(
        (line, request) -> {
          if (request.getString("requestType", "").equals("CANCEL")) {
            line.say("CANCELATION", task(request));
          } else {
            line.listener.line(
                "{\"responseType\":\"FAILURE\",\"task\":null,\"error\":"
                    + "{\"code\":\"SEGMENT\",\"message\":\"no such file\",\"remedy\":\"\"}}");
          }
        });
    assertEquals(ErrorCode.SEGMENT, failure().code());
  }

  @Test
  void deathFailsWhatWaitsAtOnceAndTheNextCallConnectsAnew() {
    executing(
        (line, task) -> {
          if (engine.lines.size() == 1) {
            line.listener.closed("the interpreter is gone");
          } else {
            line.complete(task, NOTHING);
          }
        });
    EngineException e = failure();
    assertEquals(ErrorCode.WORKER_DIED, e.code());
    assertTrue(e.getMessage().contains("the interpreter is gone"), e.getMessage());
    client.call("x", NOTHING, Progress.NONE);
    assertEquals(2, engine.lines.size());
  }

  @Test
  void taskThatHadNotBegunIsGivenToTheNextEngine() {
    client(
        (line, request) -> {
          if (engine.lines.size() == 1) {
            line.listener.closed("killed between two calls");
          } else {
            line.complete(task(request), NOTHING);
          }
        });
    client.call("x", NOTHING, Progress.NONE);
    assertEquals(2, engine.lines.size());
  }

  @Test
  void taskIsGivenToOneOtherEngineAndNoMore() {
    client((line, request) -> line.listener.closed("killed again"));
    EngineException e = failure();
    assertEquals(ErrorCode.WORKER_DIED, e.code());
    assertEquals(2, engine.lines.size());
  }

  @Test
  void silentEngineIsEnded() {
    client((line, request) -> {});
    engine.responsive = false;
    EngineException e = failure();
    assertEquals(ErrorCode.WORKER_DIED, e.code());
    assertTrue(e.message().contains("no sign of life"), e.message());
    assertTrue(engine.heard("PING") >= 2);
  }

  @Test
  void slowTaskOfALivingEngineIsWaitedFor() {
    executing(
        (line, task) ->
            Threads.daemon(
                "slow",
                () -> {
                  try {
                    Thread.sleep(3 * SHORT.silence);
                  } catch (InterruptedException e) {
                    return;
                  }
                  line.complete(task, NOTHING);
                }));
    client.call("x", NOTHING, Progress.NONE);
  }

  @Test
  void engineThatNeverGreetsIsGivenUp() {
    client((line, request) -> {});
    engine.hello = null;
    EngineException e = failure();
    assertEquals(ErrorCode.WORKER_DIED, e.code());
    assertTrue(e.message().contains("did not start"), e.message());
  }

  @Test
  void anotherProtocolIsRefusedNamingBothVersions() {
    client((line, request) -> {});
    engine.hello = engine.hello.replace("\"protocol\":1", "\"protocol\":2");
    EngineException e = failure();
    assertEquals(ErrorCode.PROTOCOL, e.code());
    assertTrue(e.message().contains("9.9 speaks protocol 2"), e.message());
    assertTrue(e.message().contains("speaks protocol 1"), e.message());
    assertFalse(e.remedy().isEmpty());
  }

  @Test
  void engineThatCannotBeReachedIsToldAsSuch() {
    client =
        new EngineClient(
            HostedTransport.launcher(
                listener -> {
                  throw new IllegalStateException("Python raised");
                }),
            peer -> pool(peer, memory),
            SHORT);
    assertEquals(ErrorCode.BRIDGE, failure().code());
  }
}
