package io.github.drua.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TaskProgressTest {
  @Test
  void tilesAreCountedWithTheTimeThatIsLeft() {
    assertEquals("tile 12 of 40, 28 s left", TaskProgress.text("tiles", 12, 40, 12));
    assertEquals("tile 1 of 40, 7 min left", TaskProgress.text("tiles", 1, 40, 10));
  }

  @Test
  void nothingIsPromisedTooEarly() {
    assertEquals("tile 0 of 40", TaskProgress.text("tiles", 0, 40, 9));
    assertEquals("tile 12 of 40", TaskProgress.text("tiles", 12, 40, 0.5));
    assertEquals("starting the engine", TaskProgress.text("starting the engine", 0, 0, 9));
  }

  @Test
  void longTextsAreWrapped() {
    assertEquals("aa bb\ncc", Wrapped.text("aa bb cc", 6));
    assertEquals("abcdefgh\ni", Wrapped.text(" abcdefgh i", 4));
  }
}
