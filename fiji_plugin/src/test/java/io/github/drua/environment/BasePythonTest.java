package io.github.drua.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.drua.engine.EngineException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BasePythonTest {
  @TempDir private Path folder;
  private Machine machine;

  @BeforeEach
  void makeMachine() throws Exception {
    machine = new Machine(folder);
    machine.remove("python3.12");
  }

  private void python(String name, String facts) throws Exception {
    machine.install(name, "#!/bin/sh\necho 'drua " + facts + "'\necho /real/" + name + "\n");
  }

  @Test
  void firstThatIsOfUseIsTaken() throws Exception {
    machine.install("python3.13", "#!/bin/sh\necho 'pyenv: command not found'; exit 127\n");
    python("python3.10", "3 10 2 1 1");
    python("python3", "3 9 9 1 1");
    BasePython found = BasePython.find(machine.platform(), true);
    assertEquals("/real/python3.10", found.path());
    assertEquals("3.10.2", found.version());
  }

  @Test
  void nothingIsToldPrecisely() throws Exception {
    EngineException none =
        assertThrows(EngineException.class, () -> BasePython.find(machine.platform(), true));
    assertEquals("no Python 3.10 to 3.14 was found: there is no Python at all", none.message());
    python("python3.13", "3 13 0 0 1");
    python("python3.11", "3 11 0 1 0");
    python("python3", "3 8 1 1 1");
    python("python", "3 15 0 1 1");
    EngineException e =
        assertThrows(EngineException.class, () -> BasePython.find(machine.platform(), true));
    for (String part :
        new String[] {
          "python3.13 has 32 bits", "python3.11 has no venv", "python3 is 3.8.1", "python is 3.15.0"
        }) {
      assertTrue(e.message().contains(part), part + " is missing in " + e.message());
    }
    assertTrue(e.remedy().contains("apt-get install python3-venv"), e.remedy());
    assertEquals("3.11.0", BasePython.find(machine.platform(), false).version());
  }

  @Test
  void namedPythonIsCheckedAndNotReplaced() throws Exception {
    python("python3.12", "3 12 0 1 1");
    python("old", "3 7 0 1 1");
    String old = machine.home().resolve("bin/old").toString();
    EngineException e =
        assertThrows(EngineException.class, () -> BasePython.named(old, machine.platform(), true));
    assertEquals("the Python " + old + " is 3.7.0, but must be Python 3.10 to 3.14", e.message());
  }
}
