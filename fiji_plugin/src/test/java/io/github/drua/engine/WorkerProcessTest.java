package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.JsonObject;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class WorkerProcessTest {
  private static final Deadlines SHORT = new Deadlines(3_000, 500, 200, 1_500, 500);
  private static final JsonObject NOTHING = new JsonObject();

  @TempDir Path memory;
  private EngineClient client;

  private static String python() {
    return System.getenv().getOrDefault("DRUA_TEST_PYTHON", "python3");
  }

  private EngineClient client(String mode) {
    return client(Arrays.asList(python(), "-u", script(), mode));
  }

  private EngineClient client(List<String> command) {
    Transport.Launcher launcher =
        new Transport.Launcher() {
          @Override
          public Transport launch(LineListener listener) {
            return WorkerProcess.start(command, listener, SHORT);
          }

          @Override
          public String route() {
            return "worker";
          }
        };
    client = new EngineClient(launcher, peer -> ClientCase.pool(peer, memory), SHORT);
    return client;
  }

  private static String script() {
    try {
      return Paths.get(WorkerProcessTest.class.getResource("/engine/fake_worker.py").toURI())
          .toString();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    try (Stream<Path> left = Files.list(memory)) {
      assertEquals(0, left.count(), "segments are left behind");
    }
  }

  private EngineException failure(String op, JsonObject inputs) {
    return assertThrows(EngineException.class, () -> client.call(op, inputs, Progress.NONE));
  }

  @Test
  void pixelsAndTextComeBackAsTheyWent() {
    client("good");
    byte[] bytes = new byte[(3 << 20) + 1031];
    new Random(7).nextBytes(bytes);
    JsonObject inputs = new JsonObject().add("text", "Ünïcode 細胞 😀").add("size", bytes.length);
    for (int i = 0; i < 3; i++) {
      try (Result result = client.call("echo", inputs, ClientCase.pixels(bytes), Progress.NONE)) {
        byte[] back = new byte[bytes.length];
        result.segment().get(0, back, 0, back.length);
        assertArrayEquals(bytes, back);
        assertEquals("Ünïcode 細胞 😀", result.outputs().getString("text", ""));
      }
    }
  }

  @Test
  void manyCallsUseOneProcess() {
    client("good");
    long pid = client.pid();
    for (int i = 0; i < 200; i++) {
      JsonObject inputs = new JsonObject().add("i", i);
      assertEquals(inputs, client.call("echo", inputs, Progress.NONE));
    }
    assertEquals(pid, client.pid());
    assertEquals("worker", client.route());
  }

  @Test
  void killedWorkerFailsTheCallWithItsLastWordsAndIsReplaced() {
    client("good");
    long pid = client.pid();
    long start = System.nanoTime();
    EngineException e = failure("die", NOTHING);
    assertTrue(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) < 1_000);
    assertEquals(ErrorCode.WORKER_DIED, e.code());
    assertTrue(e.message().contains("exit code 137"), e.message());
    assertTrue(e.message().contains("the last words"), e.message());
    assertTrue(e.remedy().contains("run the command again"), e.remedy());
    assertNotEquals(pid, client.pid());
  }

  @Test
  void deathIsNoticedThoughAGrandchildHoldsTheLine() {
    client("holder");
    client.hello();
    long start = System.nanoTime();
    EngineException e = failure("die", new JsonObject().add("exit", 9));
    assertTrue(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) < 1_000);
    assertTrue(e.message().contains("exit code 9"), e.message());
  }

  @Test
  void workerThatDiesWhileIdleIsReplacedByTheNextCall() throws Exception {
    client("good");
    long pid = client.pid();
    new ProcessBuilder("kill", "-9", Long.toString(pid)).start().waitFor();
    for (int i = 0; i < 100 && client.pid() == pid; i++) {
      pause();
    }
    assertNotEquals(pid, client.pid());
  }

  @Test
  void startThatFailsTellsWhy() {
    client("early");
    EngineException e = failure("echo", NOTHING);
    assertEquals(ErrorCode.WORKER_DIED, e.code());
    assertTrue(e.message().contains("exit code 3"), e.message());
    assertTrue(e.message().contains("libc of the moon"), e.message());
  }

  @Test
  void missingPackageIsToldByNameWithWhereToMakeAnEnvironment() {
    client("missing");
    EngineException e = failure("echo", NOTHING);
    assertEquals(ErrorCode.BACKEND_MISSING, e.code());
    assertTrue(e.message().contains("no package drua_is_not_installed_here"), e.message());
    assertTrue(e.remedy().contains("action=create"), e.remedy());
  }

  @Test
  void pythonWithoutTheEngineIsToldAsSuch() {
    client(Arrays.asList(python(), "-I", "-S", "-m", "drua.worker"));
    EngineException e = failure("echo", NOTHING);
    assertEquals(ErrorCode.BACKEND_MISSING, e.code());
    assertTrue(e.message().endsWith("has no package drua"), e.message());
  }

  @Test
  void programThatCannotBeStartedIsNamed() {
    client(Arrays.asList("/no/such/python", "x"));
    EngineException e = failure("echo", NOTHING);
    assertEquals(ErrorCode.BACKEND_MISSING, e.code());
    assertTrue(e.message().contains("/no/such/python"), e.message());
  }

  @Test
  void workerThatNeverGreetsIsKilled() {
    client("silent");
    EngineException e = failure("echo", NOTHING);
    assertTrue(e.message().contains("did not start within 3 s"), e.message());
  }

  @Test
  void textBeforeTheFirstLineHarmsNothing() {
    client("noisy");
    client.call("echo", NOTHING, Progress.NONE);
  }

  @Test
  void workerOfAnotherProtocolIsRefused() {
    client("old");
    assertEquals(ErrorCode.PROTOCOL, failure("echo", NOTHING).code());
  }

  @Test
  void garbageFailsTheTaskThatMayHaveLostItsAnswer() {
    client("good");
    assertEquals(ErrorCode.PROTOCOL, failure("garbage", NOTHING).code());
    client.call("echo", NOTHING, Progress.NONE);
  }

  @Test
  void busyWorkerThatHoldsItsInterpreterIsKilled() {
    client("good");
    EngineException e = failure("sleep", NOTHING);
    assertTrue(e.message().contains("no sign of life"), e.message());
  }

  @Test
  void workerThatDoesNotReadBlocksNobody() {
    client("stuck");
    char[] large = new char[1 << 20];
    Arrays.fill(large, 'x');
    JsonObject inputs = new JsonObject().add("text", new String(large));
    assertTrue(failure("echo", inputs).message().contains("no sign of life"));
  }

  @Test
  void largeLogIsReadAndKeptSmall() {
    client("good");
    client.call("chatter", NOTHING, Progress.NONE);
    assertTrue(client.log().length() <= 16 << 10);
  }

  @Test
  void closedClientLeavesNoProcess() throws Exception {
    client("good");
    long pid = client.pid();
    long start = System.nanoTime();
    client.close();
    assertTrue(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) < 1_000);
    assertFalse(new File("/proc/" + pid).exists());
  }

  @Test
  void stuckProcessIsKilledOnClose() {
    client("stuck");
    long pid = client.pid();
    client.close();
    for (int i = 0; i < 100 && new File("/proc/" + pid).exists(); i++) {
      pause();
    }
    assertFalse(new File("/proc/" + pid).exists());
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
