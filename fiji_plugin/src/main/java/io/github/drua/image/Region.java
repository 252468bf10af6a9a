package io.github.drua.image;

import ij.ImagePlus;
import ij.gui.Roi;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.awt.Rectangle;

/**
 * The part of an image that is sent to the engine: a rectangle of every plane, or of the current
 * slice and frame alone.
 *
 * <p>It is fixed once, before the run, so that the result lands where the pixels came from, however
 * the user moves selection and sliders meanwhile. Slices and frames count from 0.
 */
public final class Region {
  final int x;
  final int y;
  final int width;
  final int height;
  final int channels;
  final int firstSlice;
  final int slices;
  final int firstFrame;
  final int frames;

  private Region(ImagePlus image, Rectangle bounds, boolean currentPlane) {
    x = bounds.x;
    y = bounds.y;
    width = bounds.width;
    height = bounds.height;
    channels = image.getNChannels();
    firstSlice = currentPlane ? image.getSlice() - 1 : 0;
    slices = currentPlane ? 1 : image.getNSlices();
    firstFrame = currentPlane ? image.getFrame() - 1 : 0;
    frames = currentPlane ? 1 : image.getNFrames();
  }

  /** Returns the selection's bounds in all planes, or in the current slice and frame. */
  public static Region of(ImagePlus image, boolean currentPlane) {
    return new Region(image, bounds(image), currentPlane);
  }

  /** Returns whether it spans the whole width and height of an image. */
  boolean spans(ImagePlus image) {
    return width == image.getWidth() && height == image.getHeight();
  }

  /** Returns the number of pixels in one plane. */
  long planePixels() {
    return (long) width * height;
  }

  private static Rectangle bounds(ImagePlus image) {
    Rectangle whole = new Rectangle(0, 0, image.getWidth(), image.getHeight());
    Roi selection = image.getRoi();
    if (selection == null || !isArea(selection)) {
      return whole;
    }
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
