package io.github.drua.image;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.ImagePlus;
import ij.ImageStack;
import ij.measure.Calibration;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Result;
import io.github.drua.engine.Segment;

/** Label images that the engine returned, as ImageJ images of the size of their input. */
public final class LabelImage {
  private static final int SMALLEST_RANGE = 255;

  private LabelImage() {}

  /** Returns the labels of a result, lying where the region lies in the image that was sent. */
  public static ImagePlus of(Result result, ImagePlus source, Region region) {
    JsonObject array = result.outputs().get("labels").asObject();
    ImageStack stack = stack(array, result.segment(), source, region);
    ImagePlus labels = new ImagePlus(Titles.labels(source), stack);
    labels.setDimensions(1, region.slices, region.frames);
    labels.setOpenAsHyperStack(region.slices > 1 && region.frames > 1);
    labels.setCalibration(calibration(source, region));
    labels.setLut(LabelColours.create());
    // With fewer labels than colours each has its own.
    int count = result.outputs().getInt("count", 0);
    labels.setDisplayRange(0, Math.max(count, SMALLEST_RANGE));
    labels.setProperty("Info", provenance(result.outputs().get("run"), ""));
    if (region.slices == source.getNSlices() && region.frames == source.getNFrames()) {
      labels.setPosition(1, source.getSlice(), source.getFrame());
    }
    return labels;
  }

  private static ImageStack stack(
      JsonObject array, Segment segment, ImagePlus source, Region region) {
    int planes = region.slices * region.frames;
    checkShape(array, region);
    ImageStack stack = new ImageStack(source.getWidth(), source.getHeight());
    long offset = array.getLong("offset", 0);
    boolean shorts = "uint16".equals(array.getString("dtype", ""));
    for (int i = 0; i < planes; i++) {
      long at = offset + i * region.planePixels() * (shorts ? Short.BYTES : Float.BYTES);
      stack.addSlice(null, plane(segment, at, shorts, source, region));
    }
    return stack;
  }

  /** Returns one plane of the size of the source, 0 outside the region. */
  private static Object plane(
      Segment segment, long offset, boolean shorts, ImagePlus source, Region region) {
    int length = source.getWidth() * source.getHeight();
    short[] small = new short[shorts ? length : 0];
    float[] large = new float[shorts ? 0 : length];
    for (int row = 0; row < region.height; row++) {
      int start = (region.y + row) * source.getWidth() + region.x;
      if (shorts) {
        segment.get(offset + (long) row * region.width * Short.BYTES, small, start, region.width);
      } else {
        segment.get(offset + (long) row * region.width * Float.BYTES, large, start, region.width);
      }
    }
    return shorts ? small : large;
  }

  private static void checkShape(JsonObject array, Region region) {
    String expected =
        "["
            + String.join(
                ",",
                Integer.toString(region.frames),
                Integer.toString(region.slices),
                Integer.toString(region.height),
                Integer.toString(region.width))
            + "]";
    String shape = array.get("shape").toString();
    if (!expected.equals(shape)) {
      throw new EngineException(
          ErrorCode.PROTOCOL,
          "the engine returned labels of the sides " + shape + " for an image of " + expected,
          "install plugin and engine of the same version");
    }
  }

  private static Calibration calibration(ImagePlus source, Region region) {
    Calibration calibration = source.getCalibration().copy();
    // Labels are numbers, whatever the intensities of the source mean.
    calibration.disableDensityCalibration();
    calibration.zOrigin -= region.firstSlice;
    return calibration;
  }

  /** Returns nested values as lines like {@code settings.mask_threshold: 0.5}. */
  private static String provenance(JsonValue run, String prefix) {
    StringBuilder text = new StringBuilder();
    for (JsonObject.Member member : run.asObject()) {
      String name = prefix + member.getName();
      JsonValue value = member.getValue();
      if (value.isObject()) {
        text.append(provenance(value, name + "."));
      } else {
        text.append(name).append(": ");
        text.append(value.isString() ? value.asString() : value.toString()).append('\n');
      }
    }
    return text.toString();
  }
}
