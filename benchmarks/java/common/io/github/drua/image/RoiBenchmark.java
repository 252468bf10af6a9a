package io.github.drua.image;

import ij.IJ;
import ij.ImageJ;
import ij.ImagePlus;
import ij.plugin.frame.RoiManager;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Engines;
import io.github.drua.engine.Pixels;
import io.github.drua.engine.Progress;
import io.github.drua.engine.Result;
import io.github.drua.engine.Samples;
import io.github.drua.engine.Segment;
import io.github.drua.shaded.json.JsonArray;
import io.github.drua.shaded.json.JsonObject;
import java.awt.EventQueue;

/** Outlines to the ROI Manager and to the screen; how long the event thread is held meanwhile. */
public final class RoiBenchmark {
  private static final int SIDE = 4096;

  private final JsonObject report = new JsonObject();
  private final ImagePlus image = IJ.createImage("field", "8-bit black", SIDE, SIDE, 1);
  private volatile double held;
  private volatile boolean over;

  private RoiBenchmark() {}

  /** Arguments: rounds, then files with label images of that side. */
  public static void main(String[] args) throws Exception {
    new ImageJ();
    RoiBenchmark benchmark = new RoiBenchmark();
    benchmark.image.show();
    Thread probe = new Thread(benchmark::probe, "probe");
    probe.start();
    for (int i = 1; i < args.length; i++) {
      for (int round = -1; round < Integer.parseInt(args[0]); round++) {
        benchmark.measure(args[i], Integer.toString(i), round >= 0);
      }
    }
    benchmark.over = true;
    probe.join();
    System.out.println(benchmark.report);
    System.exit(0);
  }

  private void measure(String path, String name, boolean counts) throws Exception {
    RoiManager manager = RoiManager.getRoiManager();
    manager.reset();
    image.setOverlay(null);
    settle();
    EngineClient engine = Engines.get();
    JsonObject inputs = new JsonObject().add("path", path);
    Rois rois;
    int count;
    try (Result result = engine.call("objects", inputs, none(), Progress.NONE)) {
      count = result.outputs().getInt("count", 0);
      rois = Rois.of(result, Region.of(image, true));
    }
    held = 0;
    double added = Samples.millis(() -> rois.addToManager(image));
    settle();
    double heldAdding = held;
    held = 0;
    double drawn =
        Samples.millis(
            () -> {
              rois.drawOver(image);
              settle();
            });
    if (manager.getCount() != count || image.getOverlay().size() != 1) {
      throw new IllegalStateException(manager.getCount() + " ROIs instead of " + count);
    }
    if (counts) {
      Samples.add(report, "count " + name, count);
      Samples.add(report, "added " + name, added);
      Samples.add(report, "held while adding " + name, heldAdding);
      Samples.add(report, "drawn " + name, drawn);
      Samples.add(report, "held while drawing " + name, held);
    }
  }

  /** Waits until the event thread has painted what there is to paint. */
  private static void settle() throws Exception {
    for (int i = 0; i < 5; i++) {
      Thread.sleep(10);
      EventQueue.invokeAndWait(() -> {});
    }
  }

  /** Asks the event thread again and again how long one has to wait for it. */
  private void probe() {
    try {
      while (!over) {
        double waited = Samples.millis(() -> EventQueue.invokeAndWait(() -> {}));
        held = Math.max(held, waited);
        Thread.sleep(1);
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The labels are made by Python: there is no image to send. */
  private static Pixels none() {
    return new Pixels() {
      @Override
      public JsonObject header() {
        JsonArray shape = new JsonArray().add(1);
        return new JsonObject().add("dtype", "uint8").add("shape", shape).add("axes", "X");
      }

      @Override
      public long bytes() {
        return 1;
      }

      @Override
      public void writeTo(Segment segment, Progress progress) {
        segment.put(0, new byte[1], 0, 1);
      }
    };
  }
}
