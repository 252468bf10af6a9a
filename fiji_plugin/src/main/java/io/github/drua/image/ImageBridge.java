package io.github.drua.image;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.ImagePlus;
import ij.ImageStack;
import ij.measure.Calibration;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Pixels;
import io.github.drua.engine.Progress;
import io.github.drua.engine.Segment;
import java.awt.image.ColorModel;
import java.util.Arrays;
import java.util.List;

/**
 * The planes of an ImageJ image as the engine sees them: pixels with axes, calibration and channel
 * names.
 *
 * <p>This is the only place in Java that orders axes. ImageJ counts channels fastest, then slices,
 * then frames, so its planes one after another are TZCYX. Image and selection are only read.
 */
public final class ImageBridge implements Pixels {
  private final ImagePlus image;
  private final Region region;
  private final PixelType type;

  /** Creates the view of the slices and frames of a region. */
  public ImageBridge(ImagePlus image, Region region) {
    this.image = image;
    this.region = region;
    this.type = PixelType.of(image);
    if (type.isColour() && region.channels > 1) {
      throw new EngineException(
          ErrorCode.IMAGE,
          "'"
              + image.getTitle()
              + "' has "
              + region.channels
              + " channels of colour pixels,"
              + " but a channel must be grey",
          "split the colours first, with Image>Color>Split Channels");
    }
  }

  @Override
  public JsonObject header() {
    return new JsonObject()
        .add("dtype", type.dtype)
        .add("shape", shape())
        .add("axes", type.isColour() ? "TZYX" : "TZCYX")
        .add("pixel_size", pixelSize(image.getCalibration()))
        .add("unit", image.getCalibration().getUnit())
        .add("time_unit", image.getCalibration().getTimeUnit())
        .add("origin", origin(image.getCalibration()))
        .add("channel_names", channelNames());
  }

  @Override
  public long bytes() {
    return planePixels() * region.channels * region.slices * region.frames * type.bytes;
  }

  @Override
  public void writeTo(Segment segment, Progress progress) {
    if (!image.lockSilently()) {
      throw new EngineException(
          ErrorCode.IMAGE,
          "'" + image.getTitle() + "' is locked by another command",
          "wait until that command is done");
    }
    try {
      writePlanes(segment, progress);
    } finally {
      image.unlock();
    }
  }

  private void writePlanes(Segment segment, Progress progress) {
    ColorModel colours = image.getProcessor().getColorModel();
    int[] indices = region.indices(image);
    long bytes = planePixels() * type.bytes;
    if (image.getStack().isVirtual()) { // read from a disk, one by one
      for (int i = 0; i < indices.length; i++) {
        progress.update("reading planes", i, indices.length);
        if (progress.cancelled()) {
          throw new CancelledException();
        }
        put(segment, i * bytes, type.convert(plane(indices[i]), colours));
      }
      return;
    }
    Object[] planes = Arrays.stream(indices).mapToObj(this::plane).toArray();
    Planes.each(
        planes.length, bytes(), i -> put(segment, i * bytes, type.convert(planes[i], colours)));
  }

  /** Returns the pixels of one plane, as ImageJ has them. */
  private Object plane(int index) {
    // What was last done to the plane on display may not have reached the stack yet.
    if (index == image.getCurrentSlice()) {
      return image.getProcessor().getPixels();
    }
    ImageStack stack = image.getStack();
    Object pixels = stack.getPixels(index);
    if (pixels == null) {
      throw new EngineException(
          ErrorCode.IMAGE,
          "plane " + index + " of '" + image.getTitle() + "' cannot be read",
          "open the image again");
    }
    return pixels;
  }

  private long planePixels() {
    return (long) image.getWidth() * image.getHeight();
  }

  private void put(Segment segment, long offset, Object pixels) {
    int length = Math.toIntExact(planePixels());
    if (pixels instanceof byte[]) {
      segment.put(offset, (byte[]) pixels, 0, length);
    } else if (pixels instanceof short[]) {
      segment.put(offset, (short[]) pixels, 0, length);
    } else if (pixels instanceof int[]) {
      segment.put(offset, (int[]) pixels, 0, length);
    } else {
      segment.put(offset, (float[]) pixels, 0, length);
    }
  }

  private JsonArray shape() {
    JsonArray shape = new JsonArray().add(region.frames).add(region.slices);
    if (!type.isColour()) {
      shape.add(region.channels);
    }
    return shape.add(image.getHeight()).add(image.getWidth());
  }

  private static JsonObject pixelSize(Calibration calibration) {
    JsonObject sizes = new JsonObject();
    addSize(sizes, "T", calibration.frameInterval);
    addSize(sizes, "Z", calibration.pixelDepth);
    addSize(sizes, "Y", calibration.pixelHeight);
    addSize(sizes, "X", calibration.pixelWidth);
    return sizes;
  }

  private static void addSize(JsonObject sizes, String letter, double size) {
    double length = Math.abs(size);
    // ImageJ writes 0 where it does not know, above all for the frame interval.
    if (length > 0 && !Double.isInfinite(length)) {
      sizes.add(letter, length);
    }
  }

  private JsonObject origin(Calibration calibration) {
    return new JsonObject()
        .add("T", region.firstFrame)
        .add("Z", region.firstSlice - calibration.zOrigin)
        .add("Y", 0 - calibration.yOrigin)
        .add("X", 0 - calibration.xOrigin);
  }

  /** Returns the names of the channels; colours have those that the engine gives them. */
  private JsonValue channelNames() {
    List<String> names = Channels.names(image);
    return type.isColour() || names.isEmpty()
        ? Json.NULL
        : Json.array(names.toArray(new String[0]));
  }
}
