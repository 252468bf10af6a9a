package io.github.drua.image;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.measure.Calibration;
import ij.process.LUT;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Result;
import io.github.drua.engine.Segment;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a network gives, as 32-bit images: one for each of its outputs, which may have another size
 * than the input.
 */
public final class Maps {
  private static final String DTYPE = "float32";
  private static final int AXES = 5; // TZCYX

  private Maps() {}

  /** Returns the maps of a result by name, in the network's order. */
  public static Map<String, ImagePlus> of(Result result, ImagePlus source, Region region) {
    Map<String, ImagePlus> maps = new LinkedHashMap<>();
    String info = Provenance.text(result.outputs().get("run"));
    for (JsonObject.Member map : result.outputs().get("maps").asObject()) {
      ImagePlus image = image(map.getName(), map.getValue().asObject(), result.segment(), source);
      image.setProperty("Info", info);
      if (image.getNSlices() == source.getNSlices() && image.getNFrames() == source.getNFrames()) {
        image.setPosition(1, source.getSlice(), source.getFrame());
      }
      maps.put(map.getName(), image);
    }
    return maps;
  }

  /** Shows maps; the first one comes last, so that it is the active image. */
  public static void show(Map<String, ImagePlus> maps) {
    List<ImagePlus> reversed = new ArrayList<>(maps.values());
    Collections.reverse(reversed);
    reversed.forEach(ImagePlus::show);
  }

  private static ImagePlus image(String name, JsonObject array, Segment segment, ImagePlus source) {
    int[] sides = sides(name, array, segment);
    Object[] planes = planes(array, segment, sides);
    ImageStack stack = new ImageStack(sides[4], sides[3]);
    for (int i = 0; i < planes.length; i++) {
      stack.addSlice(channelName(array, i % sides[2]), planes[i]);
    }
    ImagePlus image = new ImagePlus(Titles.of(source, name), stack);
    image.setDimensions(sides[2], sides[1], sides[0]);
    image.setCalibration(calibration(array, source));
    int axes = (sides[0] > 1 ? 1 : 0) + (sides[1] > 1 ? 1 : 0) + (sides[2] > 1 ? 1 : 0);
    image.setOpenAsHyperStack(axes > 1);
    if (sides[2] == 1) {
      double[] range = range(planes, 0, 1);
      image.setDisplayRange(range[0], range[1]);
      return image;
    }
    return withRanges(new CompositeImage(image, IJ.GRAYSCALE), planes);
  }

  /** Returns frames, slices, channels, height and width; an error if they do not fit. */
  private static int[] sides(String name, JsonObject array, Segment segment) {
    int[] sides =
        array.get("shape").asArray().values().stream().mapToInt(JsonValue::asInt).toArray();
    long count = sides.length == AXES ? 1 : -1;
    for (int side : sides) {
      count = side < 1 || count < 0 || count > Long.MAX_VALUE / side ? -1 : count * side;
    }
    if (count < 0 || !DTYPE.equals(array.getString("dtype", ""))) {
      throw new EngineException(
          ErrorCode.PROTOCOL,
          "the engine returned the map '" + name + "' as " + array,
          "install plugin and engine of the same version");
    }
    segment.check(count, Float.BYTES);
    return sides;
  }

  private static Object[] planes(JsonObject array, Segment segment, int[] sides) {
    long offset = array.getLong("offset", 0);
    int length = Math.multiplyExact(sides[3], sides[4]);
    long bytes = (long) length * Float.BYTES;
    Object[] planes = new Object[sides[0] * sides[1] * sides[2]];
    Planes.each(
        planes.length,
        planes.length * bytes,
        i -> {
          float[] plane = new float[length];
          segment.get(offset + i * bytes, plane, 0, length);
          planes[i] = plane;
        });
    return planes;
  }

  private static String channelName(JsonObject array, int channel) {
    JsonValue names = array.get("channel_names");
    return names == null || names.isNull() ? null : names.asArray().get(channel).asString();
  }

  /** Returns the calibration of the source with the pixel size and origin of the map. */
  private static Calibration calibration(JsonObject array, ImagePlus source) {
    Calibration calibration = source.getCalibration().copy();
    // Values are the network's, whatever the intensities of the source mean.
    calibration.disableDensityCalibration();
    JsonObject sizes = array.get("pixel_size").asObject();
    calibration.pixelWidth = size(sizes, "X", calibration.pixelWidth);
    calibration.pixelHeight = size(sizes, "Y", calibration.pixelHeight);
    calibration.pixelDepth = size(sizes, "Z", calibration.pixelDepth);
    calibration.frameInterval = size(sizes, "T", calibration.frameInterval);
    JsonObject origin = array.get("origin").asObject();
    calibration.xOrigin = 0 - origin.getDouble("X", 0);
    calibration.yOrigin = 0 - origin.getDouble("Y", 0);
    calibration.zOrigin = 0 - origin.getDouble("Z", 0);
    return calibration;
  }

  /** Returns a size of the map with the sign of the source's, which the engine does not know. */
  private static double size(JsonObject sizes, String letter, double ofSource) {
    return Math.copySign(sizes.getDouble(letter, Math.abs(ofSource)), ofSource);
  }

  /** Gives each channel a range of its own: they may be as different as distances and angles. */
  private static ImagePlus withRanges(CompositeImage image, Object[] planes) {
    LUT[] tables = new LUT[image.getNChannels()];
    for (int c = 0; c < tables.length; c++) {
      tables[c] = LUT.createLutFromColor(Color.WHITE);
      double[] range = range(planes, c, tables.length);
      tables[c].min = range[0];
      tables[c].max = range[1];
    }
    image.setLuts(tables);
    return image;
  }

  /** Returns the least and the greatest finite value of a channel. */
  private static double[] range(Object[] planes, int channel, int channels) {
    float least = Float.POSITIVE_INFINITY;
    float greatest = Float.NEGATIVE_INFINITY;
    for (int i = channel; i < planes.length; i += channels) {
      for (float value : (float[]) planes[i]) {
        if (value < least && value > Float.NEGATIVE_INFINITY) {
          least = value;
        }
        if (value > greatest && value < Float.POSITIVE_INFINITY) {
          greatest = value;
        }
      }
    }
    if (!(least <= greatest)) {
      return new double[] {0, 1};
    }
    return new double[] {least, least == greatest ? least + 1 : greatest};
  }
}
