package io.github.drua.image;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.process.LUT;
import java.awt.Color;

/** How the channels of an image are shown: ranges and colours, to the engine and back. */
public final class Display {
  private static final int SIGNED_OFFSET = 32768;
  private static final int FULL = 255;
  private static final int MOST_TOGETHER = CompositeImage.MAX_CHANNELS;

  private Display() {}

  /** Returns how an image is shown, for the engine; null where its pixels are colours. */
  public static JsonValue of(ImagePlus image) {
    if (PixelType.of(image).isColour()) {
      return Json.NULL;
    }
    JsonArray ranges = new JsonArray();
    JsonArray colours = new JsonArray();
    double offset = offset(PixelType.of(image));
    for (LUT table : tables(image)) {
      ranges.add(new JsonArray().add(table.min - offset).add(table.max - offset));
      colours.add(colour(table));
    }
    JsonObject display = new JsonObject().add("ranges", ranges).add("colours", colours);
    return image instanceof CompositeImage
        ? display.add("mode", ((CompositeImage) image).getModeAsString())
        : display;
  }

  /** Shows an image of a type as the engine says. */
  static ImagePlus show(ImagePlus image, JsonObject display, PixelType type) {
    double offset = offset(type);
    JsonArray ranges = display.get("ranges").asArray();
    JsonArray colours = display.get("colours").asArray();
    LUT[] tables = new LUT[image.getNChannels()];
    for (int c = 0; c < tables.length; c++) {
      Color colour = Color.decode(colours.get(c).asString());
      tables[c] = LUT.createLutFromColor(colour);
      tables[c].min = ranges.get(c).asArray().get(0).asDouble() + offset;
      tables[c].max = ranges.get(c).asArray().get(1).asDouble() + offset;
    }
    return withTables(image, tables, mode(display.getString("mode", "composite")));
  }

  /**
   * Gives a result the colours of the image that it was made from, and its choice of visible
   * channels, where it has the same channels; its ranges stay.
   */
  public static void copy(ImagePlus image, ImagePlus result) {
    boolean alike = result.getNChannels() == image.getNChannels();
    if (!alike || PixelType.of(image).isColour() || PixelType.of(result).isColour()) {
      return;
    }
    LUT[] own = tables(result);
    LUT[] tables = tables(image);
    for (int c = 0; c < tables.length; c++) {
      tables[c].min = own[c].min;
      tables[c].max = own[c].max;
    }
    if (result instanceof CompositeImage) {
      ((CompositeImage) result).setLuts(tables);
      if (image instanceof CompositeImage) {
        boolean[] visible = ((CompositeImage) image).getActiveChannels();
        System.arraycopy(
            visible, 0, ((CompositeImage) result).getActiveChannels(), 0, tables.length);
      }
    } else {
      result.setLut(tables[0]);
    }
  }

  /** ImageJ stores signed values plus 32768, and their ranges, too. */
  private static double offset(PixelType type) {
    return type == PixelType.INT16 ? SIGNED_OFFSET : 0;
  }

  private static int mode(String name) {
    switch (name) {
      case "color":
        return IJ.COLOR;
      case "grayscale":
        return IJ.GRAYSCALE;
      default:
        return IJ.COMPOSITE;
    }
  }

  private static ImagePlus withTables(ImagePlus image, LUT[] tables, int mode) {
    if (tables.length == 1) {
      image.setLut(tables[0]);
      image.setDisplayRange(tables[0].min, tables[0].max);
      return image;
    }
    int possible = tables.length > MOST_TOGETHER && mode == IJ.COMPOSITE ? IJ.COLOR : mode;
    CompositeImage composite = new CompositeImage(image, possible);
    composite.setLuts(tables);
    return composite;
  }

  /** Returns a copy of the table of each channel, with its range. */
  private static LUT[] tables(ImagePlus image) {
    LUT[] tables = image.getLuts();
    LUT[] copies = new LUT[image.getNChannels()];
    for (int c = 0; c < copies.length; c++) {
      // Only a composite has a table for each channel.
      copies[c] = (LUT) tables[Math.min(c, tables.length - 1)].clone();
      if (tables.length == 1) {
        copies[c].min = image.getDisplayRangeMin();
        copies[c].max = image.getDisplayRangeMax();
      }
    }
    return copies;
  }

  /** Returns the brightest colour of a table, or white of one that begins bright. */
  private static String colour(LUT table) {
    int rgb = table.getRGB(FULL) & 0xffffff;
    return String.format("#%06x", rgb == 0 ? 0xffffff : rgb);
  }
}
