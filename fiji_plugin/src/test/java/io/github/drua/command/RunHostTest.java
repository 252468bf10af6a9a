package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.measure.Calibration;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class RunHostTest {
  private static final Map<String, ImagePlus> NO_INPUTS = Collections.emptyMap();

  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  private final ImagePlus image = IJ.createHyperStack("field 1.tif", 22, 18, 2, 3, 2, 16);

  @Test
  void everyOutputIsAnImageNamedAfterIt() {
    RunHost done = run("model=both channel=2,1", given("Dark field"));
    assertEquals(Arrays.asList("probability", "flow"), new ArrayList<>(done.maps().keySet()));
    assertEquals("field 1-probability", done.maps().get("probability").getTitle());
    assertEquals("field 1-flow", done.maps().get("flow").getTitle());
    assertFalse(done.maps().get("flow").isVisible());
    assertTrue(Json.parse(done.run()).isObject());
    assertEquals("2,1", fake.engine().inputs().getString("channel", ""));
  }

  @Test
  void mapOfOneChannelHasThePixelsPositionAndRange() {
    image.setPosition(1, 2, 2);
    ImagePlus map = run("model=m channel=1", NO_INPUTS).maps().get("probability");
    assertArrayEquals(new int[] {22, 18, 1, 3, 2}, map.getDimensions());
    assertEquals(32, map.getBitDepth());
    assertEquals(2, map.getSlice());
    assertEquals(2, map.getFrame());
    assertEquals(22 * 18 + 3f, map.getStack().getProcessor(2).getf(3));
    assertEquals(0, map.getDisplayRangeMin());
    assertEquals(22 * 18 * 6 - 1, map.getDisplayRangeMax());
    assertTrue(((String) map.getProperty("Info")).contains("settings.min_size: 20"));
  }

  @Test
  void mapOfSeveralChannelsHasItsOwnSizeNamesAndRanges() {
    Calibration calibration = image.getCalibration();
    calibration.setUnit("micron");
    calibration.pixelWidth = 0.5;
    calibration.pixelHeight = 0.25;
    calibration.pixelDepth = 2;
    calibration.xOrigin = 4;
    calibration.yOrigin = 6;
    calibration.zOrigin = 1;
    calibration.setFunction(Calibration.STRAIGHT_LINE, new double[] {1, 2}, "grey");
    ImagePlus map = run("model=m channel=1", NO_INPUTS).maps().get("flow");
    assertArrayEquals(new int[] {11, 9, 2, 3, 2}, map.getDimensions());
    Calibration own = map.getCalibration();
    assertEquals("1.0 0.5 2.0", own.pixelWidth + " " + own.pixelHeight + " " + own.pixelDepth);
    assertEquals("2.0 3.0 1.0", own.xOrigin + " " + own.yOrigin + " " + own.zOrigin);
    assertEquals("micron", own.getUnit());
    assertFalse(own.calibrated());
    assertEquals(0.5, calibration.pixelWidth, "the calibration of the input was changed");
    for (int plane = 1; plane <= 12; plane += 2) {
      assertEquals("dy", map.getStack().getSliceLabel(plane));
      assertEquals("dx", map.getStack().getSliceLabel(plane + 1));
    }
    CompositeImage composite = assertInstanceOf(CompositeImage.class, map);
    assertEquals(10, composite.getChannelLut(1).min);
    assertEquals(10 + 98, composite.getChannelLut(1).max);
    assertEquals(-99, composite.getChannelLut(2).min);
    assertEquals(-1, composite.getChannelLut(2).max);
  }

  @Test
  void segmentationGivesMapsWhereTheyAreAskedFor() {
    Map<String, String> options = options("output=labels,maps channel=1");
    SegmentHost done = SegmentHost.segment(image, options, NO_INPUTS, Progress.NONE);
    assertEquals(Arrays.asList("probability", "flow"), new ArrayList<>(done.maps().keySet()));
    assertTrue(fake.engine().inputs().getBoolean("maps", false));
    SegmentHost without =
        SegmentHost.segment(image, options("channel=1"), NO_INPUTS, Progress.NONE);
    assertTrue(without.maps().isEmpty());
    assertFalse(fake.engine().inputs().getBoolean("maps", true));
  }

  @Test
  void furtherImagesOfTheSamePlaneTravelByTheirNames() {
    Map<String, ImagePlus> others = given("Dark field");
    others.put("mask", IJ.createHyperStack("m", 22, 18, 1, 3, 2, 8));
    image.setPosition(1, 3, 2);
    run("model=both planes=current", others);
    JsonObject sent = fake.engine().inputs().get("inputs").asObject();
    assertEquals(
        "[1,1,1,18,22]", sent.get("Dark field").asObject().get("shape").toString(), "one plane");
    JsonObject mask = sent.get("mask").asObject();
    assertEquals("uint8", mask.getString("dtype", ""));
    assertEquals("[1,1,1,18,22]", mask.get("shape").toString());
    assertEquals("{\"T\":1,\"Z\":2,\"Y\":0,\"X\":0}", mask.get("origin").toString());
    assertEquals("[1,1,2,18,22]", imageShape());
  }

  @Test
  void furtherImageWithoutThePlaneIsAnError() {
    image.setPosition(1, 3, 2);
    Map<String, ImagePlus> others = given("Dark field");
    others.put("mask", IJ.createHyperStack("short", 22, 18, 1, 2, 2, 8));
    EngineException error = error("model=both planes=current", others);
    assertEquals(ErrorCode.IMAGE, error.code());
    assertEquals(
        "the current plane is slice 3 of frame 2, but 'short' has 2 slices and 2 frames",
        error.message());
  }

  @Test
  void errorsNameTheirCause() {
    assertEquals("no model is named", error("channel=1", NO_INPUTS).message());
    assertEquals(
        "model 'both' takes a further image, but input_dark_field names none",
        error("model=both", NO_INPUTS).message());
    EngineException title = error("model=both input_dark_field=[no such]", NO_INPUTS);
    assertEquals(
        "input_dark_field is 'no such', but no open image has this title", title.message());
    assertEquals("open the image first", title.remedy());
    assertTrue(
        error("model=both input_darkfield=x", NO_INPUTS)
            .remedy()
            .startsWith("write input_dark_field"));
    assertEquals(
        "the decoder stardist_postprocessing comes later",
        error("model=star", NO_INPUTS).message());
    assertEquals(ErrorCode.DEVICE_MEMORY, error("model=broken", NO_INPUTS).code());
    EngineException none =
        assertThrows(
            EngineException.class,
            () -> RunHost.run(null, new HashMap<>(), NO_INPUTS, Progress.NONE));
    assertEquals("no image is open, but there must be one to run a model on", none.message());
  }

  @Test
  void mapThatDoesNotFitItsMemoryIsAnErrorOfTheProtocol() {
    fake.engine()
        .spoil(
            outputs ->
                outputs
                    .get("maps")
                    .asObject()
                    .get("flow")
                    .asObject()
                    .set("shape", Json.array(2, 3, 2, 1 << 20, 1 << 20)));
    assertEquals(ErrorCode.SEGMENT, error("model=m channel=1", NO_INPUTS).code());
    fake.engine()
        .spoil(
            outputs ->
                outputs
                    .get("maps")
                    .asObject()
                    .get("flow")
                    .asObject()
                    .set("shape", Json.array(18, 22)));
    assertEquals(ErrorCode.PROTOCOL, error("model=m channel=1", NO_INPUTS).code());
  }

  @Test
  void progressStopsIt() {
    Progress atOnce =
        new Progress() {
          @Override
          public void update(String message, long current, long maximum) {
            // what counts is that it is asked
          }

          @Override
          public boolean cancelled() {
            return fake.engine().inputs() != null;
          }
        };
    assertThrows(
        CancelledException.class,
        () -> RunHost.run(image, options("model=slow"), NO_INPUTS, atOnce));
  }

  private String imageShape() {
    return fake.engine().inputs().get("image").asObject().get("shape").toString();
  }

  private static Map<String, ImagePlus> given(String name) {
    Map<String, ImagePlus> images = new HashMap<>();
    images.put(name, IJ.createImage("dark", 22, 18, 1, 16));
    return images;
  }

  private RunHost run(String options, Map<String, ImagePlus> others) {
    return RunHost.run(image, options(options), others, Progress.NONE);
  }

  private EngineException error(String options, Map<String, ImagePlus> others) {
    return assertThrows(EngineException.class, () -> run(options, others));
  }

  private static Map<String, String> options(String text) {
    return MacroOptions.parse(text).all();
  }
}
