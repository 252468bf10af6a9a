package io.github.drua.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ProgressTextTest {
  @Test
  void tilesAreCountedWithTheTimeThatIsLeft() {
    assertEquals("tile 12 of 40, 28 s left", ProgressText.text("tiles", 12, 40, 12, 0));
    assertEquals("tile 1 of 40, 7 min left", ProgressText.text("tiles", 1, 40, 10, 0));
  }

  @Test
  void nothingIsPromisedTooEarly() {
    assertEquals("tile 0 of 40", ProgressText.text("tiles", 0, 40, 9, 0));
    assertEquals("tile 12 of 40", ProgressText.text("tiles", 12, 40, 0.5, 0));
    assertEquals("starting the engine", ProgressText.text("starting the engine", 0, 0, 9, 0));
  }

  @Test
  void downloadsAreToldInMegabytes() {
    String message = "downloading (MB)";
    assertEquals("downloading 12 of 40 MB", ProgressText.text(message, 12, 40, 0.5, 11));
    assertEquals("downloading, 12 MB", ProgressText.text(message, 12, 0, 9, 0));
    assertEquals("downloading", ProgressText.text(message, 0, 0, 9, 0));
  }

  @Test
  void timeIsToldInSeconds() {
    assertEquals(
        "training 150 of 300 s, 3 min left", ProgressText.text("training (s)", 150, 300, 160, 0));
  }

  @Test
  void whatWasDoneBeforeIsNoMeasureOfSpeed() {
    assertEquals(
        "downloading 32 of 40 MB, 4 s left", ProgressText.text("downloading (MB)", 32, 40, 1, 30));
  }

  @Test
  void longTextsAreWrapped() {
    assertEquals("aa bb\ncc", Wrapped.text("aa bb cc", 6));
    assertEquals("abcdefgh\ni", Wrapped.text(" abcdefgh i", 4));
  }
}
