package io.github.drua.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class InstallOutputTest {
  private final Watcher watcher = new Watcher();
  private final InstallOutput output = new InstallOutput(100_000_000, watcher);

  private String last() {
    return watcher.details.get(watcher.details.size() - 1);
  }

  private double fraction() {
    return watcher.fractions.get(watcher.fractions.size() - 1);
  }

  @Test
  void downloadsOfPipAreCountedAndAdded() {
    output.line("Collecting numpy<3,>=1.26 (from drua==0.1.0->drua==0.1.0)");
    output.line("  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.9 MB)");
    assertEquals("numpy, 16 MB (package 1)", last());
    assertEquals(-1, fraction());
    output.line("Progress 8450000 of 16900000");
    assertEquals("numpy, 8 MB of 16 MB (package 1)", last());
    assertEquals(0.0845, fraction(), 1e-9);
    output.line("  Using cached https://x.org/scipy-1.17.1-cp311-manylinux.whl (35.3 MB)");
    assertEquals("scipy, 35 MB (package 2)", last());
    assertEquals(0.169, fraction(), 1e-9);
    output.line("Progress 35300000 of 35300000");
    assertEquals(0.522, fraction(), 1e-9);
  }

  @Test
  void barStaysBelowItsEndWhilePackagesCome() {
    output.line("  Downloading big-1.0-py3-none-any.whl (1.7 GB)");
    output.line("Progress 1700000000 of 1700000000");
    assertEquals(0.98, fraction());
  }

  @Test
  void localWheelsAndInstallationAreTold() {
    output.line("Processing /tmp/wh éels/imagecodecs-2026.3.6-cp311-abi3-x86_64.whl (from drua)");
    assertEquals("imagecodecs (package 1)", last());
    output.line("Installing collected packages: pip");
    assertFalse(watcher.phases.contains(Phase.INSTALL), "that is pip itself");
    output.installing();
    output.line("Installing collected packages: a, b, c");
    assertEquals("3 packages", last());
    assertTrue(watcher.phases.contains(Phase.INSTALL));
    assertEquals(-1, fraction());
  }

  @Test
  void uvIsUnderstood() {
    output.line("Downloading numpy (15.9MiB)");
    assertEquals("numpy, 15 MB (package 1)", last());
    output.line("Prepared 53 packages in 4.2s");
    assertEquals("53 packages", last());
  }

  @Test
  void errorsAreKeptForTheMessage() {
    assertEquals("it did not say why", output.errors());
    output.line("ERROR: Could not find a version that satisfies the requirement x");
    output.line("ERROR: No matching distribution found for x");
    assertEquals(
        "Could not find a version that satisfies the requirement x;"
            + " No matching distribution found for x",
        output.errors());
  }
}
