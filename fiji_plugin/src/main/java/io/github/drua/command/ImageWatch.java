package io.github.drua.command;

import ij.ImageListener;
import ij.ImagePlus;
import ij.macro.Interpreter;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Engines;
import io.github.drua.image.ImageBridge;
import io.github.drua.image.LabelImage;
import io.github.drua.image.Region;

/**
 * Tells the engine of images that are likely to be segmented soon, so that their memory is ready
 * when they are: new memory is several times slower than the copy itself.
 */
final class ImageWatch implements ImageListener {
  private static final ImageWatch WATCH = new ImageWatch();
  private static final long ROOM_FOR_OUTLINES = 1 << 20;

  private ImageWatch() {}

  /** Begins to watch the images that a person opens; does nothing without windows. */
  static void begin() {
    if (Guard.isWatched()) {
      ImagePlus.removeImageListener(WATCH); // once, however often it is begun
      ImagePlus.addImageListener(WATCH);
    }
  }

  /** Gets memory ready for an image and its label image. */
  static void expect(EngineClient engine, ImagePlus image) {
    try {
      long pixels = (long) image.getWidth() * image.getHeight();
      long labels = pixels * image.getNSlices() * image.getNFrames() * Short.BYTES;
      long bytes = new ImageBridge(image, Region.of(image, false)).bytes();
      engine.expect(bytes, labels + labels / 4 + ROOM_FOR_OUTLINES);
    } catch (EngineException e) {
      // an image that cannot be segmented as it is; whoever tries will be told
    }
  }

  @Override
  public void imageOpened(ImagePlus image) {
    // A macro does not wait until memory is ready, and labels are not what is segmented next.
    if (Interpreter.getInstance() == null && !LabelImage.isOne(image)) {
      expect(Engines.get(), image);
    }
  }

  @Override
  public void imageClosed(ImagePlus image) {
    // what was made ready serves the next one
  }

  @Override
  public void imageUpdated(ImagePlus image) {
    // neither size nor type change often
  }
}
