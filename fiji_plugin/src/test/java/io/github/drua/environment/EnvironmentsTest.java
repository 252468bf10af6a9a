package io.github.drua.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.EnvironmentLock;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EnvironmentsTest {
  private static final Choice ANY = new Choice("", "", null);

  @TempDir private Path folder;
  private Machine machine;
  private Environments environments;

  @BeforeEach
  void makeMachine() throws Exception {
    machine = new Machine(folder);
    environments = machine.environments("1.0.0");
  }

  private static Choice on(Build build) {
    return new Choice("", "", build);
  }

  @Test
  void createMakesTriesAndUsesIt() throws Exception {
    Watcher watcher = new Watcher();
    environments.create(ANY, watcher);
    assertEquals(new LinkedHashSet<>(Arrays.asList(Phase.values())), watcher.phases);
    Path build = machine.own().current();
    File python = new File(build.toFile(), "bin/python");
    assertEquals(python, machine.own().python());
    assertEquals(Collections.singletonList(build.getFileName().toString()), machine.builds());
    assertEquals(Collections.singletonList(""), machine.chosen);
    assertEquals(1, machine.restarts);
    assertTrue(watcher.details.contains("numpy, 5 MB of 20 MB (package 2)"), "" + watcher.details);
  }

  @Test
  void reportTellsPathVersionsAndDevices() throws Exception {
    assertTrue(environments.report().contains("there is none yet"), environments.report());
    environments.create(ANY, new Watcher());
    String report = environments.report();
    for (String part :
        new String[] {
          "ready",
          machine.own().current().toString(),
          "1.0.0 (the plugin is 1.0.0)",
          "3.12.4",
          "numpy 2.0.0",
          "cpu: works, 7.5 megapixels/s",
          "cuda:0: does not work: no driver",
          "with pip, for CPU",
          "this environment"
        }) {
      assertTrue(report.contains(part), part + " is missing in " + report);
    }
  }

  @Test
  void whatFitsIsKeptAndAnotherDeviceIsMade() throws Exception {
    environments.create(ANY, new Watcher());
    Path first = machine.own().current();
    environments.create(ANY, new Watcher());
    environments.update(on(Build.CPU), new Watcher());
    assertEquals(first, machine.own().current());
    environments.create(on(Build.NVIDIA), new Watcher());
    assertNotEquals(first, machine.own().current());
    assertFalse(Files.exists(first), "the old one is left behind");
    assertTrue(machine.calls().contains("wheel/nvidia.txt"), machine.calls());
    environments.repair(ANY, new Watcher());
    assertTrue(environments.report().contains("for NVIDIA"), "repair keeps the device");
  }

  @Test
  void torchIsOfferedTriedAndKept() throws Exception {
    assertEquals("", environments.offerOfTorch(), "there is nothing yet to which it is added");
    environments.create(ANY, new Watcher());
    assertTrue(environments.offerOfTorch().contains("3.2 GB to download"), "");
    final Path before = machine.own().current();
    machine.mode("torchless");
    EngineException e =
        assertThrows(
            EngineException.class, () -> environments.create(on(Build.TORCH), new Watcher()));
    assertTrue(e.message().contains("No module named 'torch'"), e.message());
    assertEquals(before, machine.own().current());
    machine.mode("good");
    environments.create(on(Build.TORCH), new Watcher());
    assertEquals("", environments.offerOfTorch());
    assertTrue(machine.calls().contains("wheel/torch.txt"), machine.calls());
    environments.create(ANY, new Watcher());
    environments.repair(ANY, new Watcher());
    assertTrue(environments.report().contains("for CPU, with PyTorch"), environments.report());
    environments.create(on(Build.NVIDIA), new Watcher());
    assertTrue(environments.offerOfTorch().contains("run on the CPU"), "it costs something");
  }

  @Test
  void packagesHaveTheVersionsOfThePins() throws Exception {
    environments.create(ANY, new Watcher());
    Path wheel = machine.own().folder().resolve("wheel");
    assertEquals(
        Arrays.asList("numpy==2.0.0", "six==1.0", "cpu==1.0"),
        Files.readAllLines(wheel.resolve("cpu.txt")));
    String install = machine.calls().substring(machine.calls().lastIndexOf("-m pip install"));
    assertTrue(
        install.contains(
            "--only-binary :all: --no-deps --requirement "
                + wheel.resolve("cpu.txt")
                + " "
                + wheel.resolve("drua-1.0.0.whl")),
        install);
  }

  @Test
  void largePackagesAreDownloadedOneByOneAndKeptForTheNextTime() throws Exception {
    Path downloads = machine.own().folder().resolve("downloads");
    machine.mode("offline");
    assertThrows(EngineException.class, () -> environments.create(ANY, new Watcher()));
    Files.createDirectories(downloads);
    Files.createFile(downloads.resolve("numpy-2.0.0.whl"));
    assertThrows(EngineException.class, () -> environments.create(ANY, new Watcher()));
    assertTrue(Files.exists(downloads.resolve("numpy-2.0.0.whl")));
    machine.mode("good");
    environments.create(ANY, new Watcher());
    String calls = machine.calls();
    assertTrue(calls.contains("--dest " + downloads + " numpy==2.0.0\n"), calls);
    assertTrue(calls.contains("--dest " + downloads + " six==1.0 cpu==1.0\n"), calls);
    assertTrue(calls.contains("--no-index --find-links " + downloads), calls);
    assertFalse(Files.exists(downloads), "they are of no use any more");
  }

  @Test
  void wheelsOfAFolderNeedNoNetwork() throws Exception {
    Path wheels = Files.createDirectories(folder.resolve("whéels of mine"));
    Choice offline = new Choice("", wheels.toString(), null);
    EngineException empty =
        assertThrows(EngineException.class, () -> environments.create(offline, new Watcher()));
    assertTrue(empty.message().contains("no file in it ends with .whl"), empty.message());
    Files.createFile(wheels.resolve("numpy.whl"));
    environments.create(offline, new Watcher());
    assertTrue(machine.calls().contains("--no-index --find-links " + wheels), machine.calls());
    assertFalse(machine.calls().contains("--upgrade"), "pip itself would need the network");
  }

  @Test
  void failedUpdateKeepsTheOldOne() throws Exception {
    environments.create(ANY, new Watcher());
    Path old = machine.own().current();
    Environments newer = machine.environments("1.1.0");
    assertTrue(newer.isOutdated());
    for (String mode : new String[] {"offline", "useless"}) {
      machine.mode(mode);
      assertThrows(EngineException.class, () -> newer.update(ANY, new Watcher()));
      assertEquals(old, machine.own().current());
      assertTrue(machine.own().python().canExecute());
      assertEquals(1, machine.builds().size(), "the half-made one is left behind");
    }
    machine.mode("good");
    newer.update(ANY, new Watcher());
    assertFalse(newer.isOutdated());
    assertFalse(Files.exists(old));
  }

  @Test
  void errorOfPipIsToldWithARemedy() throws Exception {
    machine.mode("offline");
    EngineException e =
        assertThrows(EngineException.class, () -> environments.create(ANY, new Watcher()));
    assertEquals(
        "the packages cannot be installed: No matching distribution found for numpy==2.0.0",
        e.message());
    assertTrue(e.remedy().contains("finished downloads are kept"), e.remedy());
    assertNull(machine.own().python());
  }

  @Test
  void engineThatDoesNotWorkIsNeverUsed() throws Exception {
    machine.mode("useless");
    EngineException e =
        assertThrows(EngineException.class, () -> environments.create(ANY, new Watcher()));
    assertTrue(e.message().contains("ImportError: no libfoo"), e.message());
    assertNull(machine.own().python());
  }

  @Test
  void cancelEndsTheProgramAndLeavesNothing() throws Exception {
    machine.mode("slow");
    Path pid = machine.mode().resolveSibling("mode.pid");
    Watcher watcher = new Watcher(() -> Files.exists(pid));
    assertThrows(CancelledException.class, () -> environments.create(ANY, watcher));
    assertNull(machine.own().python());
    assertEquals(Collections.emptyList(), machine.builds());
    assertFalse(machine.own().isBusy());
    String number = Files.readAllLines(pid).get(0);
    assertFalse(Files.exists(Paths.get("/proc", number)), "the program lives on");
  }

  @Test
  void halfMadeOneIsNotUsedAndSwept() throws Exception {
    Path half = machine.own().folder().resolve("1.0.0-half");
    Files.createDirectories(half.resolve("bin"));
    Files.copy(machine.home().resolve("bin/python3.12"), half.resolve("bin/python"));
    assertNull(machine.own().python());
    Files.write(machine.own().folder().resolve("current"), "1.0.0-half".getBytes("UTF-8"));
    assertNull(machine.own().python(), "no record, not complete");
    environments.create(ANY, new Watcher());
    assertFalse(Files.exists(half));
  }

  @Test
  void secondOneSaysThatTheFirstIsAtWork() throws Exception {
    EnvironmentLock lock = machine.own().lock();
    try {
      EngineException e =
          assertThrows(EngineException.class, () -> environments.create(ANY, new Watcher()));
      assertTrue(e.message().startsWith("this ImageJ is making or changing"), e.message());
      assertTrue(environments.report().contains("is being made or changed right now"));
      assertThrows(EngineException.class, () -> environments.repair(on(Build.CPU), new Watcher()));
    } finally {
      lock.close();
    }
    environments.create(ANY, new Watcher());
  }

  @Test
  void deleteLeavesNoPython() throws Exception {
    environments.create(ANY, new Watcher());
    environments.delete();
    assertNull(machine.own().python());
    assertEquals(Collections.emptyList(), machine.builds());
    assertEquals(2, machine.restarts);
    EngineException e = assertThrows(EngineException.class, environments::delete);
    assertTrue(e.message().startsWith("there is no environment to delete in "), e.message());
  }

  @Test
  void updateAndRepairNeedOne() {
    for (String what : new String[] {"update", "repair"}) {
      EngineException e =
          assertThrows(
              EngineException.class,
              () -> {
                if (what.equals("update")) {
                  environments.update(ANY, new Watcher());
                } else {
                  environments.repair(ANY, new Watcher());
                }
              });
      assertTrue(e.message().startsWith("there is no environment to " + what), e.message());
    }
  }

  @Test
  void lackOfRoomIsToldWithNumbers() {
    environments.checkRoom(Build.CPU, 900_000_000);
    EngineException e =
        assertThrows(
            EngineException.class, () -> environments.checkRoom(Build.NVIDIA, 3_210_000_000L));
    assertTrue(e.message().contains("needs 5.5 GB"), e.message());
    assertTrue(e.message().contains("3.2 GB are free"), e.message());
    assertTrue(e.remedy().contains("device=cpu"), e.remedy());
  }

  @Test
  void graphicsDecideTheBuild() throws Exception {
    assertEquals("no NVIDIA device found", environments.graphics());
    machine.install("nvidia-smi", "#!/bin/sh\necho 'NVIDIA H200'\n");
    assertEquals("NVIDIA H200 found", environments.graphics());
    assertTrue(environments.offer().contains("1.7 GB to download"), environments.offer());
    machine.install("nvidia-smi", "#!/bin/sh\necho 'no driver'; exit 9\n");
    assertEquals("no NVIDIA device found", environments.graphics());
  }

  @Test
  void existingPythonMustHaveThisEngine() throws Exception {
    Path python = machine.home().resolve("bin/python3.12");
    environments.use(python.toString());
    assertEquals(Collections.singletonList(python.toString()), machine.chosen);
    machine.mode("bare");
    EngineException e =
        assertThrows(EngineException.class, () -> environments.use(python.toString()));
    assertTrue(e.message().contains("has no engine, but the plugin is 1.0.0"), e.message());
    Path wheel = machine.own().folder().resolve("wheel/drua-1.0.0.whl");
    assertTrue(Files.isRegularFile(wheel));
    assertTrue(e.remedy().contains("-m pip install \"" + wheel + "[cpu]\""), e.remedy());
    machine.mode("good");
    assertThrows(EngineException.class, () -> machine.environments("1.1.0").use(python.toString()));
    assertThrows(EngineException.class, () -> environments.use("/no/such/python"));
  }

  @Test
  void uvDoesTheWorkWhereItIs() throws Exception {
    String script =
        "#!/bin/sh\n"
            + "case $1 in venv) mkdir -p \"$4/bin\"; cp \"$3\" \"$4/bin/python\";;\n"
            + "*) echo \"$@\" >> '"
            + machine.home().resolve("calls")
            + "'; echo 'Prepared 2 packages in 1s' >&2;; esac\n";
    machine.install("uv", script);
    Watcher watcher = new Watcher();
    environments.create(ANY, watcher);
    assertTrue(machine.calls().startsWith("pip install --python "), machine.calls());
    assertTrue(environments.report().contains("with uv"), environments.report());
    assertTrue(watcher.details.contains("2 packages"), "" + watcher.details);
  }
}
