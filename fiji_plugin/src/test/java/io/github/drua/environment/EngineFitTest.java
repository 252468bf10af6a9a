package io.github.drua.environment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import org.junit.jupiter.api.Test;

class EngineFitTest {
  @Test
  void pluginKnowsItsVersion() {
    assertTrue(new EngineWheel().version().matches("\\d+\\.\\d+\\.\\d+.*"));
  }

  @Test
  void otherVersionIsRefusedWithTheWayToUpdate() {
    EngineFit.check("1.0.0", "1.0.0", true);
    EngineException own =
        assertThrows(EngineException.class, () -> EngineFit.check("0.9.0", "1.0.0", true));
    assertEquals(ErrorCode.PROTOCOL, own.code());
    assertEquals(
        "the Python engine is version 0.9.0, but the plugin is version 1.0.0", own.message());
    assertTrue(own.remedy().contains("action=update"), own.remedy());
    EngineException other =
        assertThrows(EngineException.class, () -> EngineFit.check("1.1.0", "1.0.0", false));
    assertTrue(other.remedy().contains("action=create"), other.remedy());
  }
}
