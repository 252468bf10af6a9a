package io.github.drua.engine;

import ij.ImagePlus;
import ij.ImageStack;
import ij.process.ShortProcessor;
import io.github.drua.shaded.json.Json;
import io.github.drua.shaded.json.JsonArray;
import io.github.drua.shaded.json.JsonObject;
import java.util.Arrays;
import java.util.Random;

/** Pictures to measure with, and milliseconds to report. */
public final class Samples {
  /** Something to be timed. */
  public interface Work {
    void run() throws Exception;
  }

  private Samples() {}

  /** Returns bright blurred discs on a dark noisy ground. */
  public static ImagePlus discs(int side) {
    short[] pixels = new short[side * side];
    Random random = new Random(7);
    for (int i = 0; i < pixels.length; i++) {
      double far = Math.hypot(i % side % 41 - 20, i / side % 37 - 18);
      double light = 3000 / (1 + Math.exp(far - 12));
      pixels[i] = (short) (200 + light + 20 * random.nextGaussian());
    }
    return new ImagePlus("discs.tif", new ShortProcessor(side, side, pixels, null));
  }

  /** Returns a stack of 16-bit planes of 1024 x 1024 pixels. */
  static ImagePlus stack(int megabytes) {
    ImageStack stack = new ImageStack(1024, 1024);
    for (int z = 0; z < megabytes / 2; z++) {
      short[] plane = new short[1 << 20];
      for (int i = 0; i < plane.length; i++) {
        plane[i] = (short) (31 * i + z);
      }
      stack.addSlice(null, plane);
    }
    ImagePlus image = new ImagePlus("stack.tif", stack);
    image.setDimensions(1, stack.size(), 1);
    return image;
  }

  /** Returns how many milliseconds some work took. */
  public static double millis(Work work) throws Exception {
    long started = System.nanoTime();
    work.run();
    return (System.nanoTime() - started) / 1e6;
  }

  /** Adds a number to a list in a report. */
  public static void add(JsonObject report, String name, double value) {
    if (report.get(name) == null) {
      report.add(name, new JsonArray());
    }
    report.get(name).asArray().add(value);
  }

  /** Returns numbers as JSON. */
  public static JsonArray json(double[] values) {
    JsonArray array = Json.array();
    Arrays.stream(values).forEach(array::add);
    return array;
  }
}
