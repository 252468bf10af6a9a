package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
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
  void pythonOfAnEnvironment() {
    File env = new File("/env");
    assertEquals(new File("/env/bin/python"), platform(Platform.Kind.LINUX).pythonOf(env));
    assertEquals(new File("/env/bin/python"), platform(Platform.Kind.MACOS).pythonOf(env));
    assertEquals(
        new File("/env/Scripts/python.exe"), platform(Platform.Kind.WINDOWS).pythonOf(env));
  }

  @Test
  void commandsForPeopleQuoteSpaces() {
    File folder = new File("/Application Support/env");
    assertEquals(
        "python3 -m venv \"/Application Support/env\"",
        platform(Platform.Kind.MACOS).makeEnvironment(folder));
    assertEquals(
        "py -3 -m venv /env", platform(Platform.Kind.WINDOWS).makeEnvironment(new File("/env")));
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
