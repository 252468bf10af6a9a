package io.github.drua.image;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.ImagePlus;
import ij.gui.Roi;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.awt.Rectangle;

/**
 * The part of an image that is to be worked on: all slices and frames or the current ones alone,
 * and in each of them the bounds of the selection, or everything.
 *
 * <p>It is fixed once, before the run, so that the result lands where the pixels came from, however
 * the user moves selection and sliders meanwhile. Slices and frames count from 0.
 */
public final class Region {
  private final Rectangle selection;
  private final boolean onePlane;
  final int channels;
  final int firstSlice;
  final int slices;
  final int firstFrame;
  final int frames;

  private Region(ImagePlus image, Rectangle selection) {
    this.selection = selection;
    onePlane = false;
    channels = image.getNChannels();
    firstSlice = 0;
    slices = image.getNSlices();
    firstFrame = 0;
    frames = image.getNFrames();
  }

  private Region(ImagePlus image, Rectangle selection, int slice, int frame) {
    this.selection = selection;
    onePlane = true;
    channels = image.getNChannels();
    firstSlice = slice;
    slices = 1;
    firstFrame = frame;
    frames = 1;
  }

  /** Returns the selection's bounds in all planes, or in the current slice and frame. */
  public static Region of(ImagePlus image, boolean currentPlane) {
    return currentPlane
        ? new Region(image, selection(image), image.getSlice() - 1, image.getFrame() - 1)
        : new Region(image, selection(image));
  }

  /**
   * Returns the same part of another image of the field: all its planes, or the slice and frame
   * with the same numbers, where it has more than one.
   *
   * @throws EngineException if it does not have them
   */
  public Region on(ImagePlus other) {
    if (!onePlane) {
      return new Region(other, selection);
    }
    int slice = other.getNSlices() == 1 ? 0 : firstSlice;
    int frame = other.getNFrames() == 1 ? 0 : firstFrame;
    if (slice >= other.getNSlices() || frame >= other.getNFrames()) {
      throw new EngineException(
          ErrorCode.IMAGE,
          String.format(
              "the current plane is slice %d of frame %d, but '%s' has %d slices and %d frames",
              slice + 1, frame + 1, other.getTitle(), other.getNSlices(), other.getNFrames()),
          "choose images of the same field");
    }
    return new Region(other, selection, slice, frame);
  }

  /** Returns the numbers of its planes in the stack of an image, in the order of the engine. */
  int[] indices(ImagePlus image) {
    int[] indices = new int[frames * slices * channels];
    int count = 0;
    for (int t = 1; t <= frames; t++) {
      for (int z = 1; z <= slices; z++) {
        for (int c = 1; c <= channels; c++) {
          indices[count++] = image.getStackIndex(c, firstSlice + z, firstFrame + t);
        }
      }
    }
    return indices;
  }

  /** Returns the rectangle as the engine's inputs tell it; null for the whole image. */
  public JsonValue rectangle() {
    if (selection == null) {
      return Json.NULL;
    }
    return new JsonObject()
        .add("x", selection.x)
        .add("y", selection.y)
        .add("width", selection.width)
        .add("height", selection.height);
  }

  private static Rectangle selection(ImagePlus image) {
    Roi selection = image.getRoi();
    if (selection == null || !isArea(selection)) {
      return null;
    }
    Rectangle whole = new Rectangle(0, 0, image.getWidth(), image.getHeight());
    Rectangle clipped = selection.getBounds().intersection(whole);
    if (clipped.isEmpty()) {
      throw outside(selection.getBounds(), image);
    }
    return clipped;
  }

  private static boolean isArea(Roi selection) {
    // Text and arrows are drawings: nobody draws them to choose pixels.
    return selection.isArea() && !selection.isDrawingTool();
  }

  private static EngineException outside(Rectangle bounds, ImagePlus image) {
    return new EngineException(
        ErrorCode.IMAGE,
        String.format(
            "the selection (x=%d, y=%d, %d x %d pixels) has no pixel of the image of %d x %d pixels",
            bounds.x, bounds.y, bounds.width, bounds.height, image.getWidth(), image.getHeight()),
        "draw the selection inside the image, or remove it with Edit>Selection>Select None");
  }
}
