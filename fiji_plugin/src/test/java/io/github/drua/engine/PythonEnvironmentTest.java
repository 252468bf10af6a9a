package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PythonEnvironmentTest {
  @TempDir Path home;
  private final Map<String, String> variables = new HashMap<>();
  private Platform platform;

  @BeforeEach
  void makePlatform() {
    platform = new Platform(Platform.Kind.LINUX, variables, home, home, home);
  }

  private File program(String path) throws IOException {
    Path file = home.resolve(path);
    Files.createDirectories(file.getParent());
    Files.createFile(file);
    assertTrue(file.toFile().setExecutable(true));
    return file.toFile();
  }

  @Test
  void settingComesFirstThenVariableThenOwnEnvironment() throws IOException {
    File own = program(".local/share/drua/env/bin/python");
    File named = program("named/python");
    File set = program("set/python");
    assertEquals(own, PythonEnvironment.find("", platform).python());
    variables.put("DRUA_PYTHON", named.getPath());
    assertEquals(named, PythonEnvironment.find("", platform).python());
    assertEquals("DRUA_PYTHON", PythonEnvironment.find("", platform).origin());
    assertEquals(set, PythonEnvironment.find(set.getPath(), platform).python());
  }

  @Test
  void folderOfAnEnvironmentIsItsPython() throws IOException {
    File python = program("venv/bin/python");
    String venv = home.resolve("venv").toString();
    assertEquals(python, PythonEnvironment.find(venv, platform).python());
  }

  @Test
  void whatIsNamedButMissingIsAnErrorAndNotReplaced() throws IOException {
    program(".local/share/drua/env/bin/python");
    variables.put("DRUA_PYTHON", "/no/such/python");
    EngineException e =
        assertThrows(EngineException.class, () -> PythonEnvironment.find("", platform));
    assertEquals(ErrorCode.BACKEND_MISSING, e.code());
    assertTrue(e.getMessage().contains("/no/such/python (DRUA_PYTHON)"), e.getMessage());
  }

  @Test
  void fileThatIsNoProgramIsNamed() throws IOException {
    Path text = Files.createFile(home.resolve("notes.txt"));
    EngineException e =
        assertThrows(
            EngineException.class, () -> PythonEnvironment.find(text.toString(), platform));
    assertTrue(e.getMessage().contains("notes.txt (the setting)"), e.getMessage());
  }

  @Test
  void withoutAnyPythonTheMessageListsThePlacesAndTheRemedies() {
    EngineException e =
        assertThrows(EngineException.class, () -> PythonEnvironment.find("", platform));
    String own = home.resolve(".local/share/drua/env").toString();
    assertEquals(ErrorCode.BACKEND_MISSING, e.code());
    for (String part : new String[] {"setting", "DRUA_PYTHON", own}) {
      assertTrue(e.message().contains(part), e.message());
    }
    for (String part :
        new String[] {
          "Plugins > Drua > Drua Python Environment...",
          "run(\"Drua Python Environment...\", \"action=create\")",
          "DRUA_PYTHON",
          "Drua Check Engine..."
        }) {
      assertTrue(e.remedy().contains(part), e.remedy());
    }
  }

  @Test
  void onlyACompleteBuildThatIsNamedIsUsed() throws IOException {
    File python = program(".local/share/drua/env/0.1.0-a/bin/python");
    OwnEnvironment own = new OwnEnvironment(platform);
    assertNull(own.python());
    own.use(own.folder().resolve("0.1.0-a"));
    assertNull(own.python(), "without its record it is half-made");
    Files.write(own.folder().resolve("0.1.0-a").resolve(OwnEnvironment.RECORD), new byte[0]);
    assertEquals(python, PythonEnvironment.find("", platform).python());
    own.useNone();
    assertNull(own.python());
  }

  @Test
  void environmentThatIsBeingMadeIsToldAsSuch() throws IOException {
    EnvironmentLock lock = new OwnEnvironment(platform).lock();
    try {
      EngineException e =
          assertThrows(EngineException.class, () -> PythonEnvironment.find("", platform));
      assertTrue(e.message().endsWith("is being made right now"), e.message());
    } finally {
      lock.close();
    }
  }
}
