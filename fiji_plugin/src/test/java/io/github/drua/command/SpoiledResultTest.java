package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import io.github.drua.Spoiled;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Engines;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Results that do not hold together are told as such, and the image is as it was. */
class SpoiledResultTest {
  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  @Test
  void everySpoiledResultIsATypedErrorOrAResult() {
    ImagePlus image = IJ.createImage("field", "16-bit ramp", 13, 11, 3);
    short[] before = ((short[]) image.getProcessor().getPixels()).clone();
    EngineClient engine = Engines.get();
    SegmentParameters parameters =
        SegmentPlugin.parameters(
            engine,
            MacroOptions.parse("model=nuclei-fluorescence output=[labels,rois,overlay,table,maps]"),
            Progress.NONE);
    Spoiled spoiled = new Spoiled(5);
    fake.engine().spoil(spoiled::spoil);
    int refused = 0;
    for (int i = 0; i < Spoiled.EXAMPLES; i++) {
      try {
        Segmentation.of(engine, image, parameters, Collections.emptyMap(), Progress.NONE);
      } catch (EngineException e) {
        assertNotEquals(ErrorCode.INTERNAL, e.code(), e.message());
        refused++;
      }
    }
    assertTrue(refused > Spoiled.EXAMPLES / 4, "only " + refused + " were refused");
    assertArrayEquals(before, (short[]) image.getProcessor().getPixels());
    assertNull(image.getOverlay());
    assertTrue(!image.isLocked());
  }
}
