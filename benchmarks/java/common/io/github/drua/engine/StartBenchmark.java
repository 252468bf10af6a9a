package io.github.drua.engine;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import io.github.drua.shaded.json.JsonObject;

/** How long the first result takes when there is no worker yet. */
public final class StartBenchmark {
  private StartBenchmark() {}

  /** Arguments: how often. */
  public static void main(String[] args) throws Exception {
    JsonObject report = new JsonObject();
    CallBenchmark.runMacro("");
    ImagePlus image = Samples.discs(512);
    for (int i = 0; i < Integer.parseInt(args[0]); i++) {
      Engines.restart();
      Samples.add(report, "first", Samples.millis(() -> segment(image)));
      Samples.add(report, "first forward", CallBenchmark.seconds("forward") * 1e3);
      Samples.add(report, "second", Samples.millis(() -> segment(image)));
      Samples.add(report, "second forward", CallBenchmark.seconds("forward") * 1e3);
      Engines.restart();
      Samples.add(report, "hello", Samples.millis(() -> Engines.get().hello()));
    }
    System.out.println(report);
    System.exit(0);
  }

  private static void segment(ImagePlus image) {
    IJ.run(image, "Drua Segment...", "output=labels,rois,table");
    ImagePlus labels = WindowManager.getCurrentImage();
    labels.changes = false;
    labels.close();
  }
}
