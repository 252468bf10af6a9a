package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Scanner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class EnvironmentLockTest {
  @TempDir Path folder;

  @Test
  void lookingAtTheLockDoesNotLoseIt() throws Exception {
    Path file = folder.resolve("lock");
    assertFalse(EnvironmentLock.isHeld(file));
    EnvironmentLock lock = EnvironmentLock.take(file);
    assertTrue(EnvironmentLock.isHeld(file));
    assertEquals("held", other(file), "POSIX drops it with any channel that is closed");
    lock.close();
    assertEquals("free", other(file));
  }

  private static String other(Path file) throws Exception {
    String code =
        "import fcntl, sys\n"
            + "try:\n"
            + "    fcntl.lockf(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
            + "    print('free')\n"
            + "except OSError:\n"
            + "    print('held')\n";
    Process process = new ProcessBuilder("python3", "-c", code, file.toString()).start();
    try (Scanner words = new Scanner(process.getInputStream(), "UTF-8")) {
      return words.next();
    }
  }

  @Test
  void lockOfAnotherProgramEndsWithIt() throws Exception {
    Path file = folder.resolve("lock");
    String code =
        "import fcntl, sys, time\n"
            + "file = open(sys.argv[1], 'w')\n"
            + "fcntl.lockf(file, fcntl.LOCK_EX)\n"
            + "print('held', flush=True)\n"
            + "time.sleep(60)\n";
    Process process = new ProcessBuilder("python3", "-c", code, file.toString()).start();
    assertEquals('h', process.getInputStream().read());
    assertTrue(EnvironmentLock.isHeld(file));
    EngineException e = assertThrows(EngineException.class, () -> EnvironmentLock.take(file));
    assertTrue(e.message().startsWith("another ImageJ is making"), e.message());
    process.destroyForcibly().waitFor();
    assertFalse(EnvironmentLock.isHeld(file));
    EnvironmentLock.take(file).close();
  }
}
