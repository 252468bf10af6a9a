package io.github.drua.image;

import com.eclipsesource.json.JsonObject;
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
  private static final String MARK = "drua.labels";

  private LabelImage() {}

  /** Returns the labels of a result on the slices and frames of a region. */
  public static ImagePlus of(Result result, ImagePlus source, Region region) {
    JsonObject array = result.outputs().get("labels").asObject();
    ImageStack stack = stack(array, result.segment(), source, region);
    ImagePlus labels = new ImagePlus(Titles.of(source, "labels"), stack);
    labels.setDimensions(1, region.slices, region.frames);
    labels.setOpenAsHyperStack(region.slices > 1 && region.frames > 1);
    labels.setCalibration(calibration(source, region));
    labels.setLut(LabelColours.create());
    // With fewer labels than colours each has its own.
    int count = result.outputs().getInt("count", 0);
    labels.setDisplayRange(0, Math.max(count, SMALLEST_RANGE));
    labels.setProperty(MARK, Boolean.TRUE);
    labels.setProperty("Info", Provenance.text(result.outputs().get("run")));
    if (region.slices == source.getNSlices() && region.frames == source.getNFrames()) {
      labels.setPosition(1, source.getSlice(), source.getFrame());
    }
    return labels;
  }

  /** Returns whether an image holds labels that Drua has just made. */
  public static boolean isOne(ImagePlus image) {
    return image.getProperty(MARK) != null;
  }

  private static ImageStack stack(
      JsonObject array, Segment segment, ImagePlus source, Region region) {
    checkShape(array, source, region);
    ImageStack stack = new ImageStack(source.getWidth(), source.getHeight());
    long offset = array.getLong("offset", 0);
    int length = source.getWidth() * source.getHeight();
    boolean shorts = "uint16".equals(array.getString("dtype", ""));
    long bytes = (long) length * (shorts ? Short.BYTES : Float.BYTES);
    Object[] planes = new Object[region.slices * region.frames];
    Planes.each(
        planes.length,
        planes.length * bytes,
        i -> {
          long at = offset + i * bytes;
          planes[i] = shorts ? shorts(segment, at, length) : floats(segment, at, length);
        });
    for (Object plane : planes) {
      stack.addSlice(null, plane);
    }
    return stack;
  }

  private static short[] shorts(Segment segment, long offset, int length) {
    short[] plane = new short[length];
    segment.get(offset, plane, 0, length);
    return plane;
  }

  private static float[] floats(Segment segment, long offset, int length) {
    float[] plane = new float[length];
    segment.get(offset, plane, 0, length);
    return plane;
  }

  private static void checkShape(JsonObject array, ImagePlus source, Region region) {
    String expected =
        "["
            + String.join(
                ",",
                Integer.toString(region.frames),
                Integer.toString(region.slices),
                Integer.toString(source.getHeight()),
                Integer.toString(source.getWidth()))
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
}
