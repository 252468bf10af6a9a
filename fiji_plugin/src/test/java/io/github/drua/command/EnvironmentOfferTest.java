package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.drua.environment.Machines;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What commands do for a person who has no Python environment. */
@Tag("display")
@Timeout(120)
class EnvironmentOfferTest {
  @TempDir private Path folder;
  private Path home;

  @BeforeEach
  void makeMachine() throws IOException {
    Machines.bare(folder);
    home = folder.resolve("hôme of Zoë");
  }

  @Test
  void declinedOfferIsACancelledRunThatMakesNothing() throws Exception {
    String out = answer("Not Now");
    assertEquals("cancelled\n", out);
    assertFalse(Files.exists(home.resolve("drua")));
  }

  @Test
  void acceptedOfferMakesTheEnvironmentAndGoesOn() throws Exception {
    String out = answer("Make It");
    String name =
        new String(Files.readAllBytes(home.resolve("drua/env/current")), StandardCharsets.UTF_8);
    assertTrue(Files.isRegularFile(home.resolve("drua/env").resolve(name).resolve("bin/python")));
    // The command went on to the engine, which the Python of this test does not have.
    assertTrue(out.contains("error WORKER_DIED: the Python engine ended (exit code 7)"), out);
  }

  @Test
  void modelsMakeTheSameOffer() throws Exception {
    assertEquals("cancelled\n", answer("Not Now", ModelsPlugin.COMMAND));
    assertFalse(Files.exists(home.resolve("drua")));
  }

  @Test
  void trainingOffersPyTorch() throws Exception {
    Machines.withThisEnvironment(folder);
    Path record = home.resolve("drua/env");
    assertEquals("cancelled\n", answer("Not Now", TrainDenoiserPlugin.COMMAND));
    assertTrue(built(record).contains("\"build\":\"cpu\""), built(record));
    String out = answer("Get It", TrainDenoiserPlugin.COMMAND);
    assertTrue(built(record).contains("\"build\":\"torch\""), built(record));
    assertTrue(out.contains("error WORKER_DIED"), out);
  }

  private static String built(Path environments) throws IOException {
    String name = text(environments.resolve("current"));
    return text(environments.resolve(name).resolve("drua-environment.json"));
  }

  private static String text(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  private String answer(String button) throws IOException, InterruptedException {
    return answer(button, SegmentPlugin.COMMAND);
  }

  private String answer(String button, String command) throws IOException, InterruptedException {
    File picture =
        new File(
            Files.createDirectories(Paths.get("target", "screenshots")).toFile(),
            ("offer-" + button + "-" + command.replaceAll("\\W", "") + ".png").replace(' ', '-'));
    String java = Paths.get(System.getProperty("java.home"), "bin", "java").toString();
    String path = System.getProperty("java.class.path");
    ProcessBuilder builder =
        new ProcessBuilder(
            java,
            "-Djava.awt.headless=false",
            "-Dfile.encoding=UTF-8",
            "-Duser.home=" + home,
            "-cp",
            path,
            OfferTrial.class.getName(),
            button,
            picture.toString(),
            command);
    builder.environment().remove("DRUA_PYTHON");
    builder.environment().put("XDG_DATA_HOME", home.toString());
    builder.environment().put("PATH", home.resolve("bin") + ":/usr/bin:/bin");
    File out = folder.resolve("out").toFile();
    Process process =
        builder.redirectOutput(out).redirectError(folder.resolve("err").toFile()).start();
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), "the trial does not end");
    assertEquals(0, process.exitValue());
    return new String(Files.readAllBytes(out.toPath()), StandardCharsets.UTF_8);
  }
}
