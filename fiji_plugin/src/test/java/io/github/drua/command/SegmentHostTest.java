package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import ij.IJ;
import ij.ImagePlus;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SegmentHostTest {
  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  private final ImagePlus image = IJ.createImage("field 1.tif", 23, 19, 1, 16);

  @Test
  void hostGetsEverythingAndNothingIsShown() {
    SegmentHost done = segment("output", "labels,rois,table");
    assertEquals("field 1-labels", done.labels().getTitle());
    assertFalse(done.labels().isVisible());
    assertEquals("label-2", done.rois().get(1).getName());
    assertEquals(2, done.table().size());
    assertTrue(Json.parse(done.run()).isObject());
    assertNull(image.getOverlay());
  }

  @Test
  void whatIsNotAskedForIsAbsent() {
    SegmentHost done = segment("output", "labels");
    assertNull(done.rois());
    assertNull(done.table());
  }

  @Test
  void errorsKeepTheirCodes() {
    EngineException broken = assertThrows(EngineException.class, () -> segment("model", "broken"));
    assertEquals(ErrorCode.DEVICE_MEMORY, broken.code());
    EngineException key = assertThrows(EngineException.class, () -> segment("min_siz", "3"));
    assertEquals(ErrorCode.SETTING, key.code());
    EngineException none =
        assertThrows(
            EngineException.class,
            () -> SegmentHost.segment(null, new HashMap<>(), new HashMap<>(), Progress.NONE));
    assertEquals(ErrorCode.IMAGE, none.code());
  }

  @Test
  void threadWithoutClassLoaderGetsOne() {
    Thread.currentThread().setContextClassLoader(null);
    segment("output", "labels");
    assertNotNull(Thread.currentThread().getContextClassLoader());
  }

  @Test
  void progressStopsIt() {
    Map<String, String> options = new HashMap<>();
    options.put("model", "slow");
    Stopping progress = new Stopping();
    assertThrows(
        CancelledException.class,
        () -> SegmentHost.segment(image, options, new HashMap<>(), progress));
  }

  private SegmentHost segment(String key, String value) {
    Map<String, String> options = new HashMap<>();
    options.put(key, value);
    return SegmentHost.segment(image, options, new HashMap<>(), Progress.NONE);
  }

  /** Asks to stop once the engine works. */
  private static final class Stopping implements Progress {
    private boolean begun;

    @Override
    public void update(String message, long current, long maximum) {
      begun = true;
    }

    @Override
    public boolean cancelled() {
      return begun;
    }
  }
}
