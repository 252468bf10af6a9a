package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EnginesTest {
  private static final int KILLED = 137;

  @TempDir Path temp;

  @AfterEach
  void unhost() {
    Engines.unhost();
  }

  @Test
  void hostedEngineReplacesTheWorkerUntilItIsUnhosted() {
    EngineClient worker = Engines.get();
    assertSame(worker, Engines.get());
    assertEquals("worker", worker.route());
    Engines.host(echo());
    EngineClient hosted = Engines.get();
    assertNotSame(worker, hosted);
    assertEquals("inprocess", hosted.route());
    JsonObject inputs = new JsonObject().add("a", 1);
    assertEquals(inputs, hosted.call("echo", inputs, Progress.NONE));
    Engines.unhost();
    assertEquals("worker", Engines.get().route());
  }

  @Test
  void restartKeepsTheRoute() {
    Engines.host(echo());
    EngineClient before = Engines.get();
    Engines.restart();
    assertNotSame(before, Engines.get());
    assertEquals("inprocess", Engines.get().route());
  }

  private static FakeEngine echo() {
    return new FakeEngine(
        (line, request) ->
            line.complete(request.getString("task", ""), request.get("inputs").asObject()));
  }

  /** An ImageJ that uses the engine and then does what its argument says. */
  public static final class Host {
    private Host() {}

    /** Prints the numbers of the worker and of this process. */
    public static void main(String[] arguments) throws InterruptedException {
      EngineClient engine = Engines.get();
      JsonObject inputs = new JsonObject().add("text", "").add("size", 9);
      engine.call("echo", inputs, ClientCase.pixels(new byte[9]), Progress.NONE);
      System.out.println(engine.pid() + " " + Platform.pid());
      if (arguments[0].equals("stay")) {
        Thread.sleep(60_000);
      }
      System.exit(0);
    }
  }

  @Test
  void workerAndSegmentsEndWithImageJ() throws Exception {
    Process host = host("leave");
    String[] pids = pids(host);
    assertTrue(host.waitFor(10, TimeUnit.SECONDS));
    assertEquals(0, host.exitValue());
    assertEnds(pids[0]);
    assertFalse(leavesFolder(pids[1]), "segments are left behind");
  }

  @Test
  void killedImageJLeavesNoWorkerAndTheNextOneSweeps() throws Exception {
    Process host = host("stay");
    String[] pids = pids(host);
    host.destroyForcibly();
    assertEquals(KILLED, host.waitFor());
    assertEnds(pids[0]);
    Path parent = Platform.current().segmentParents().get(0);
    SegmentFolder.sweep(parent, Files.getOwner(temp));
    assertFalse(leavesFolder(pids[1]), "segments are left behind");
  }

  private Process host(String what) throws Exception {
    Path script = Paths.get(EnginesTest.class.getResource("/engine/fake_worker.py").toURI());
    Path python =
        Files.createFile(
            temp.resolve("python"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    String line = "#!/bin/sh\nexec python3 '" + script + "' good\n";
    Files.write(python, Collections.singleton(line), StandardCharsets.UTF_8);
    String java = Paths.get(System.getProperty("java.home"), "bin", "java").toString();
    ProcessBuilder builder =
        new ProcessBuilder(
            java, "-cp", System.getProperty("java.class.path"), Host.class.getName(), what);
    builder.environment().put("DRUA_PYTHON", python.toString());
    return builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static String[] pids(Process host) throws IOException {
    BufferedReader reader =
        new BufferedReader(new InputStreamReader(host.getInputStream(), StandardCharsets.UTF_8));
    return reader.readLine().split(" ");
  }

  private static void assertEnds(String pid) throws InterruptedException, IOException {
    for (int i = 0; i < 250 && alive(pid); i++) {
      Thread.sleep(20);
    }
    assertFalse(alive(pid), "the worker lives on");
  }

  /** A process without a command line is a zombie that nobody has collected yet. */
  private static boolean alive(String pid) throws IOException {
    Path commandLine = Paths.get("/proc", pid, "cmdline");
    try {
      return Files.readAllBytes(commandLine).length > 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean leavesFolder(String pid) throws IOException {
    try (Stream<Path> files = Files.list(Platform.current().segmentParents().get(0))) {
      String prefix = "drua-" + Platform.user() + "-" + pid + "-";
      return files.anyMatch(file -> file.getFileName().toString().startsWith(prefix));
    }
  }
}
