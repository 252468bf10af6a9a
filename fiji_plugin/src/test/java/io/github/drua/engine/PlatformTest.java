package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlatformTest {
  @TempDir Path temp;

  private Platform platform(Platform.Kind kind, Map<String, String> environment) {
    return new Platform(kind, environment, Paths.get("/home/ana"), Paths.get("/tmp"), temp);
  }

  private Platform platform(Platform.Kind kind) {
    return platform(kind, Collections.emptyMap());
  }

  @ParameterizedTest
  @CsvSource({"Linux,LINUX", "Mac OS X,MACOS", "Darwin,MACOS", "Windows 11,WINDOWS", "AIX,LINUX"})
  void systemsAreTold(String name, Platform.Kind kind) {
    assertEquals(kind, Platform.kind(name));
  }

  @Test
  void environmentLiesWhereTheSystemKeepsSuchThings() {
    assertEquals(
        new File("/home/ana/.local/share/drua/env"),
        platform(Platform.Kind.LINUX).environmentFolder());
    assertEquals(
        new File("/big/drua/env"),
        platform(Platform.Kind.LINUX, Collections.singletonMap("XDG_DATA_HOME", "/big"))
            .environmentFolder());
    assertEquals(
        new File("/home/ana/Library/Application Support/Drua/env"),
        platform(Platform.Kind.MACOS).environmentFolder());
    assertEquals(
        new File("/local/Drua/env"),
        platform(Platform.Kind.WINDOWS, Collections.singletonMap("LOCALAPPDATA", "/local"))
            .environmentFolder());
    assertEquals(
        new File("/home/ana/AppData/Local/Drua/env"),
        platform(Platform.Kind.WINDOWS).environmentFolder());
  }

  @Test
  void trainingsLieBesideTheEnvironment() {
    for (Platform.Kind kind : Platform.Kind.values()) {
      Platform platform = platform(kind);
      File data = platform.environmentFolder().getParentFile();
      assertEquals(new File(data, "training"), platform.trainingFolder());
    }
  }

  @Test
  void pythonOfAnEnvironment() {
    File env = new File("/env");
    assertEquals(new File("/env/bin/python"), platform(Platform.Kind.LINUX).pythonOf(env));
    assertEquals(new File("/env/bin/python"), platform(Platform.Kind.MACOS).pythonOf(env));
    assertEquals(
        new File("/env/Scripts/python.exe"), platform(Platform.Kind.WINDOWS).pythonOf(env));
  }

  private void program(String name) throws IOException {
    Path file = Files.createFile(temp.resolve(name));
    assertTrue(file.toFile().setExecutable(true));
  }

  @Test
  void pythonsAreLookedForByNameAndOnWindowsByTheLauncher() throws IOException {
    program("python3");
    program("python3.12");
    program("py.exe");
    program("python.exe");
    Map<String, String> path = Collections.singletonMap("PATH", "/no/such:" + temp);
    assertEquals(
        Arrays.asList(
            Collections.singletonList(temp.resolve("python3.12").toString()),
            Collections.singletonList(temp.resolve("python3").toString())),
        platform(Platform.Kind.LINUX, path).pythons());
    Map<String, String> windows = Collections.singletonMap("Path", temp + ";" + temp);
    String launcher = temp.resolve("py.exe").toString();
    assertEquals(
        Arrays.asList(
            Arrays.asList(launcher, "-3.12"),
            Arrays.asList(launcher, "-3.13"),
            Arrays.asList(launcher, "-3.11"),
            Arrays.asList(launcher, "-3"),
            Collections.singletonList(temp.resolve("python.exe").toString())),
        platform(Platform.Kind.WINDOWS, windows).pythons());
  }

  @Test
  void nvidiaIsForLinuxAndWindowsOnIntel() {
    assertTrue(platform(Platform.Kind.LINUX).supportsNvidia("amd64"));
    assertTrue(platform(Platform.Kind.WINDOWS).supportsNvidia("x86_64"));
    assertFalse(platform(Platform.Kind.LINUX).supportsNvidia("aarch64"));
    assertFalse(platform(Platform.Kind.MACOS).supportsNvidia("x86_64"));
    assertTrue(
        platform(Platform.Kind.WINDOWS).nvidiaDrivers().get(0).toString().contains("nvcuda.dll"));
  }

  @Test
  void everySystemHasItsWayToGetPython() {
    assertTrue(platform(Platform.Kind.LINUX).installPython().contains("apt-get"));
    assertTrue(platform(Platform.Kind.MACOS).installPython().contains("brew"));
    assertTrue(platform(Platform.Kind.WINDOWS).installPython().contains("python.org"));
  }

  @Test
  void onlyLinuxKeepsSegmentsInMemory() {
    Path tmp = Paths.get("/tmp");
    assertEquals(Arrays.asList(temp, tmp), platform(Platform.Kind.LINUX).segmentParents());
    assertEquals(Arrays.asList(tmp), platform(Platform.Kind.MACOS).segmentParents());
    assertEquals(Arrays.asList(tmp), platform(Platform.Kind.WINDOWS).segmentParents());
  }

  @Test
  void windowsHasNeitherPermissionsNorUnlinking() {
    assertEquals(0, platform(Platform.Kind.WINDOWS).fileAttributes().length);
    assertFalse(platform(Platform.Kind.WINDOWS).unlinksMapped());
    assertEquals(1, platform(Platform.Kind.MACOS).folderAttributes().length);
    assertTrue(platform(Platform.Kind.MACOS).unlinksMapped());
  }
}
