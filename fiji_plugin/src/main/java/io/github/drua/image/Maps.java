package io.github.drua.image;

import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.measure.Calibration;
import ij.process.ColorProcessor;
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
 * Images that the engine made: what a network gives, 32-bit and perhaps of another size than the
 * input, or what a task makes of it, in the type and the colours that the engine says.
 */
public final class Maps {
  private static final int COLOURS = 3;
  private static final int AXES = 5; // TZCYX

  private Maps() {}

  /** Returns the maps of a result by name, in the network's order. */
  public static Map<String, ImagePlus> of(Result result, ImagePlus source, Region region) {
    Map<String, ImagePlus> maps = new LinkedHashMap<>();
    String info = Provenance.text(result.outputs().get("run"));
    for (JsonObject.Member map : result.outputs().get("maps").asObject()) {
      JsonObject array = map.getValue().asObject();
      ImagePlus image = image(map.getName(), array, result.segment(), source);
      String before = Captions.areKept(array) ? Captions.info(source) : "";
      image.setProperty("Info", before.isEmpty() ? info : info + '\n' + before);
      if (image.getNSlices() == source.getNSlices() && image.getNFrames() == source.getNFrames()) {
        int channel = image.getNChannels() == source.getNChannels() ? source.getChannel() : 1;
        image.setPosition(channel, source.getSlice(), source.getFrame());
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
    JsonValue told = array.get("display");
    JsonObject display = told == null || told.isNull() ? null : told.asObject();
    PixelType type = type(name, array, display);
    int[] sides = sides(name, array, segment, type);
    Object[] planes = planes(array, segment, sides, type);
    boolean coloured = display != null && display.getBoolean("rgb", false);
    if (coloured) {
      planes = colours(name, array, planes, sides);
    }
    ImageStack stack = new ImageStack(sides[4], sides[3]);
    for (int i = 0; i < planes.length; i++) {
      String label = Captions.label(array, i);
      stack.addSlice(
          label != null || coloured ? label : channelName(array, i % sides[2]), planes[i]);
    }
    ImagePlus image = new ImagePlus(Titles.of(source, name), stack);
    image.setProp("Slice_Label", planes.length == 1 ? stack.getSliceLabel(1) : null);
    image.setDimensions(sides[2], sides[1], sides[0]);
    image.setCalibration(calibration(array, source));
    int axes = (sides[0] > 1 ? 1 : 0) + (sides[1] > 1 ? 1 : 0) + (sides[2] > 1 ? 1 : 0);
    image.setOpenAsHyperStack(axes > 1);
    if (type == PixelType.INT16) {
      image.getCalibration().setSigned16BitCalibration();
    }
    if (coloured) {
      return image;
    }
    if (display != null) {
      return Display.show(image, display, type);
    }
    if (sides[2] == 1) {
      double[] range = range(planes, 0, 1);
      image.setDisplayRange(range[0], range[1]);
      return image;
    }
    return withRanges(new CompositeImage(image, IJ.GRAYSCALE), planes);
  }

  /** Returns the type of pixels, which is float where nothing is said of the display. */
  private static PixelType type(String name, JsonObject array, JsonObject display) {
    String dtype = array.getString("dtype", "");
    for (PixelType type : PixelType.values()) {
      boolean known = type.dtype.equals(dtype) && !type.isColour();
      if (known && (display != null || type == PixelType.FLOAT32)) {
        return type;
      }
    }
    throw wrong(name, array);
  }

  /** Returns frames, slices, channels, height and width; an error if they do not fit. */
  private static int[] sides(String name, JsonObject array, Segment segment, PixelType type) {
    int[] sides =
        array.get("shape").asArray().values().stream().mapToInt(JsonValue::asInt).toArray();
    long count = sides.length == AXES ? 1 : -1;
    for (int side : sides) {
      count = side < 1 || count < 0 || count > Long.MAX_VALUE / side ? -1 : count * side;
    }
    if (count < 0) {
      throw wrong(name, array);
    }
    segment.check(count, type.bytes);
    return sides;
  }

  private static EngineException wrong(String name, JsonObject array) {
    return new EngineException(
        ErrorCode.PROTOCOL,
        "the engine returned the map '" + name + "' as " + array,
        "install plugin and engine of the same version");
  }

  private static Object[] planes(JsonObject array, Segment segment, int[] sides, PixelType type) {
    long offset = array.getLong("offset", 0);
    int length = Math.multiplyExact(sides[3], sides[4]);
    long bytes = (long) length * type.bytes;
    Object[] planes = new Object[sides[0] * sides[1] * sides[2]];
    Planes.each(
        planes.length,
        planes.length * bytes,
        i -> planes[i] = type.read(segment, offset + i * bytes, length));
    return planes;
  }

  /** Returns planes of colours for triples of planes of bytes, and counts three channels as one. */
  private static Object[] colours(String name, JsonObject array, Object[] planes, int[] sides) {
    if (sides[2] != COLOURS || !(planes[0] instanceof byte[])) {
      throw wrong(name, array);
    }
    sides[2] = 1;
    Object[] colours = new Object[planes.length / COLOURS];
    for (int i = 0; i < colours.length; i++) {
      byte[] red = (byte[]) planes[COLOURS * i];
      ColorProcessor plane = new ColorProcessor(sides[4], sides[3]);
      plane.setRGB(red, (byte[]) planes[COLOURS * i + 1], (byte[]) planes[COLOURS * i + 2]);
      colours[i] = plane.getPixels();
    }
    return colours;
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
