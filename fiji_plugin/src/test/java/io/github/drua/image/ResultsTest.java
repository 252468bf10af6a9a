package io.github.drua.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import ij.IJ;
import ij.ImagePlus;
import ij.gui.Overlay;
import ij.gui.PolygonRoi;
import ij.gui.Roi;
import ij.gui.ShapeRoi;
import ij.measure.Calibration;
import ij.measure.ResultsTable;
import ij.process.LUT;
import io.github.drua.command.WithFakeEngine;
import io.github.drua.engine.Engines;
import io.github.drua.engine.Progress;
import io.github.drua.engine.Result;
import java.awt.Rectangle;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What becomes of labels, outlines and table; see FakeEngine for what it finds. */
class ResultsTest {
  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  @Test
  void labelsHaveTheSizeOfTheImageAndItsSelectionStays() {
    ImagePlus image = image(1, 1, 1);
    image.setRoi(2, 3, 17, 11);
    ImagePlus labels = labels(image, false);
    assertEquals(23, labels.getWidth());
    assertEquals(19, labels.getHeight());
    assertEquals(16, labels.getBitDepth());
    assertEquals(1, labels.getProcessor().get(1, 1));
    assertEquals(0, labels.getProcessor().get(3, 3), "the hole");
    assertEquals(2, labels.getProcessor().get(9, 3));
    assertEquals(0, labels.getProcessor().get(11, 1));
    assertEquals(new Rectangle(2, 3, 17, 11), image.getRoi().getBounds());
  }

  @Test
  void labelsKeepSlicesFramesAndCalibration() {
    ImagePlus image = image(2, 3, 5);
    Calibration calibration = image.getCalibration();
    calibration.setUnit("micron");
    calibration.pixelDepth = 4;
    calibration.setFunction(Calibration.STRAIGHT_LINE, new double[] {1, 2}, "OD");
    image.setPosition(2, 3, 4);
    ImagePlus labels = labels(image, false);
    assertEquals("[23, 19, 1, 3, 5]", java.util.Arrays.toString(labels.getDimensions()));
    assertEquals(4, labels.getCalibration().pixelDepth);
    assertFalse(labels.getCalibration().calibrated());
    assertTrue(image.getCalibration().calibrated());
    assertEquals(3, labels.getSlice());
    assertEquals(4, labels.getFrame());
    labels.setPosition(1, 3, 5);
    assertEquals(2, labels.getProcessor().get(8, 3), "object 2 is in the last plane");
  }

  @Test
  void labelsOfOnePlaneAreOnePlane() {
    ImagePlus image = image(1, 3, 5);
    image.setPosition(1, 2, 4);
    ImagePlus labels = labels(image, true);
    assertEquals(1, labels.getStackSize());
    assertEquals(-1, labels.getCalibration().zOrigin);
  }

  @Test
  void labelsAreNamedShownAndExplained() {
    ImagePlus labels = labels(image(1, 1, 1), false);
    assertEquals("field 1-labels", labels.getTitle());
    assertEquals(0, labels.getDisplayRangeMin());
    assertEquals(255, labels.getDisplayRangeMax());
    assertEquals(
        "model: nuclei-fluorescence\ndevice: cpu\nsettings.min_size: 20\nseconds: 0.5\n",
        labels.getInfoProperty());
  }

  @Test
  void labelColoursAreDistinctAndTheSameEachTime() {
    LUT colours = LabelColours.create();
    assertEquals(0xff000000, colours.getRGB(0));
    for (int i = 1; i < 256; i++) {
      assertEquals(LabelColours.create().getRGB(i), colours.getRGB(i));
      for (int j = 0; j < i; j++) {
        assertNotEquals(colours.getRGB(i), colours.getRGB(j));
      }
    }
  }

  @Test
  void holesAreKept() {
    ImagePlus image = image(1, 1, 1);
    List<Roi> rois = rois(image, false).separate(image);
    Roi first = rois.get(0);
    assertTrue(first instanceof ShapeRoi);
    assertEquals(new Rectangle(1, 1, 5, 5), first.getBounds());
    assertTrue(first.contains(1, 1));
    assertFalse(first.contains(3, 3), "the hole");
    assertEquals(24, first.getStatistics().pixelCount);
    Roi second = rois.get(1);
    assertTrue(second instanceof PolygonRoi);
    assertEquals(new Rectangle(7, 2, 3, 2), second.getBounds());
    assertEquals("label-2", second.getName());
    assertEquals(6, second.getStatistics().pixelCount);
  }

  @Test
  void roisOfAPlainImageHaveNoPosition() {
    ImagePlus image = image(1, 1, 1);
    Roi roi = rois(image, false).separate(image).get(1);
    assertEquals(0, roi.getPosition());
    assertFalse(roi.hasHyperStackPosition());
  }

  @Test
  void roisOfAStackHaveTheirPlane() {
    ImagePlus image = image(1, 1, 5);
    Rois rois = rois(image, false);
    assertEquals(1, rois.separate(image).get(0).getPosition());
    assertEquals(5, rois.separate(image).get(1).getPosition());
  }

  @Test
  void roisOfAHyperstackBelongToAllChannelsOfTheirPlane() {
    ImagePlus image = image(2, 3, 5);
    Roi last = rois(image, false).separate(image).get(1);
    assertTrue(last.hasHyperStackPosition());
    assertEquals(0, last.getCPosition());
    assertEquals(3, last.getZPosition());
    assertEquals(5, last.getTPosition());
  }

  @Test
  void roisOfTheCurrentPlaneLieThere() {
    ImagePlus image = image(1, 3, 5);
    image.setPosition(1, 2, 4);
    Roi roi = rois(image, true).separate(image).get(0);
    assertEquals(2, roi.getZPosition());
    assertEquals(4, roi.getTPosition());
  }

  @Test
  void roisOfAVolumeAreNamedAfterObjectAndSlice() {
    ImagePlus image = image(1, 7, 1);
    List<Roi> rois = volume(image, false).separate(image);
    assertEquals("label-3-z1", rois.get(0).getName());
    assertEquals("label-3-z7", rois.get(1).getName());
    assertEquals(1, rois.get(0).getPosition());
    assertEquals(7, rois.get(1).getPosition());
  }

  @Test
  void slicesInNamesOfRoisAreThoseOfTheWholeImage() {
    ImagePlus image = image(2, 7, 5);
    image.setPosition(1, 1, 4);
    Roi last = volume(image, false).separate(image).get(1);
    assertEquals("label-3-z7", last.getName());
    assertEquals(7, last.getZPosition());
    assertEquals(5, last.getTPosition());
  }

  @Test
  void labelsOfAnotherNumberThanPlanesAreRefused() {
    fake.engine().spoil(outputs -> array(outputs, "labels").set("shape", Json.array(1)));
    assertRefused("1 labels on 2 planes");
  }

  @Test
  void labelsThatAreNoObjectsAreRefused() {
    // the planes are counted from 0
    fake.engine()
        .spoil(
            outputs ->
                array(outputs, "labels").set("offset", array(outputs, "planes").get("offset")));
    assertRefused("label 0 is no object");
  }

  @Test
  void outlinesAreDrawnOnceAndKeepWhatWasThere() {
    ImagePlus image = image(1, 1, 5);
    Overlay before = new Overlay(new Roi(0, 0, 3, 3));
    image.setOverlay(before);
    rois(image, false).drawOver(image);
    rois(image, false).drawOver(image);
    assertEquals(3, image.getOverlay().size());
    assertEquals(1, image.getOverlay().get(1).getPosition());
    assertEquals(5, image.getOverlay().get(2).getPosition());
  }

  @Test
  void tableHasTheColumnsInTheirOrder() {
    ResultsTable table = with(image(1, 1, 1), false, Table::of);
    assertEquals("Label\tArea\tScore", table.getColumnHeadings().trim());
    assertEquals(2, table.size());
    assertEquals(2, table.getValue("Label", 1));
    assertEquals(24, table.getValue("Area", 0));
    assertTrue(Double.isNaN(table.getValue("Score", 1)));
  }

  @Test
  void tableOfAVolumeHasWhateverColumnsCome() {
    String[] columns = {"Label", "Volume", "Depth"};
    fake.engine()
        .spoil(outputs -> outputs.get("table").asObject().set("columns", Json.array(columns)));
    ResultsTable table = with(image(1, 7, 1), false, Table::of);
    assertEquals("Label\tVolume\tDepth", table.getColumnHeadings().trim());
    assertEquals(24, table.getValue("Volume", 0));
    assertEquals(0.5, table.getValue("Depth", 0));
  }

  @Test
  void titlesLoseOnlyTheirExtension() {
    ImagePlus image = new ImagePlus("a", IJ.createImage("", 3, 3, 1, 8).getProcessor());
    String[][] titles = {
      {"field 1.tif", "field 1"},
      {"a.ome.tif", "a"},
      {"Well A1.5", "Well A1.5"},
      {"stack.tar", "stack"},
      {".tif", ".tif"},
      {"a", "a"}
    };
    for (String[] title : titles) {
      image.setTitle(title[0]);
      assertEquals(title[1], Titles.stem(image));
    }
    image.setTitle("plate 1/well:2 [a].czi");
    assertEquals("plate 1_well_2 [a]", Titles.fileStem(image));
  }

  private ImagePlus labels(ImagePlus image, boolean currentPlane) {
    Region region = Region.of(image, currentPlane);
    return with(image, currentPlane, result -> LabelImage.of(result, image, region));
  }

  private Rois rois(ImagePlus image, boolean currentPlane) {
    Region region = Region.of(image, currentPlane);
    return with(image, currentPlane, result -> Rois.of(result, region));
  }

  private Rois volume(ImagePlus image, boolean currentPlane) {
    Region region = Region.of(image, currentPlane);
    return with(image, currentPlane, "volume", result -> Rois.of(result, region));
  }

  private void assertRefused(String reason) {
    ImagePlus image = image(1, 3, 1);
    Throwable error = assertThrows(IndexOutOfBoundsException.class, () -> rois(image, false));
    assertEquals(reason, error.getMessage());
  }

  private static JsonObject array(JsonObject outputs, String name) {
    return outputs.get("outlines").asObject().get(name).asObject();
  }

  private <T> T with(ImagePlus image, boolean currentPlane, Function<Result, T> use) {
    return with(image, currentPlane, "m", use);
  }

  private <T> T with(ImagePlus image, boolean currentPlane, String model, Function<Result, T> use) {
    ImageBridge pixels = new ImageBridge(image, Region.of(image, currentPlane));
    JsonObject inputs = new JsonObject().add("model", model).add("save", Json.NULL);
    try (Result result = Engines.get().call("segment", inputs, pixels, Progress.NONE)) {
      return use.apply(result);
    }
  }

  private static ImagePlus image(int channels, int slices, int frames) {
    ImagePlus image = IJ.createHyperStack("", 23, 19, channels, slices, frames, 16);
    image.setTitle("field 1.tif");
    return image;
  }
}
