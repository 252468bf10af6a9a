package io.github.drua.engine;

import ij.IJ;
import ij.ImagePlus;
import ij.WindowManager;
import io.github.drua.command.MacroHost;
import io.github.drua.shaded.json.JsonObject;
import io.github.drua.shaded.json.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;

/** How long calls take beside the computing: empty tasks, the command in ImageJ, a macro's loop. */
public final class CallBenchmark {
  private static final JsonObject NOTHING = new JsonObject();
  private static final int SIDE = 512;
  private static final int SMALL_SIDE = 128;
  private static double[] laps;
  private static int lap;

  private CallBenchmark() {}

  /** Arguments: empty tasks, calls with the model, calls in the macro, folder of a fast model. */
  public static void main(String[] args) throws Exception {
    JsonObject report = new JsonObject();
    runMacro("");
    ImagePlus image = Samples.discs(SIDE);
    double[] empty = empty(Integer.parseInt(args[0]));
    report.add("empty", Samples.json(empty));
    // The fast model first: it warms Java's code.
    segment(report, image, "model=[" + args[3] + "]", "tiny", 5 * Integer.parseInt(args[1]));
    segment(report, image, "", "model", Integer.parseInt(args[1]));
    loop(report, Samples.discs(SMALL_SIDE), args[3], Integer.parseInt(args[2]));
    System.out.println(report);
    System.exit(0);
  }

  private static double[] empty(int count) throws Exception {
    EngineClient engine = Engines.get();
    double[] millis = new double[count];
    for (int i = -count / 2; i < count; i++) {
      double taken = Samples.millis(() -> engine.call("nothing", NOTHING, Progress.NONE));
      millis[Math.max(i, 0)] = taken;
    }
    return millis;
  }

  private static void segment(
      JsonObject report, ImagePlus image, String model, String name, int count) throws Exception {
    String options = model + " output=labels,rois,table";
    for (int i = -count; i < count; i++) {
      double wall = Samples.millis(() -> IJ.run(image, "Drua Segment...", options));
      double inside = seconds("predict") * 1e3;
      if (i >= 0) {
        Samples.add(report, name + " wall", wall);
        Samples.add(report, name + " predict", inside);
      }
      close();
    }
  }

  /** Returns the sum of what a timed function took since the last question. */
  static double seconds(String function) {
    double sum = 0;
    JsonObject all = Engines.get().call("seconds", NOTHING, Progress.NONE).get("seconds").asObject();
    for (JsonValue value : all.get(function).asArray()) {
      sum += value.asDouble();
    }
    return sum;
  }

  private static void close() {
    ImagePlus shown = WindowManager.getCurrentImage();
    if (shown != null) {
      shown.changes = false;
      shown.close();
    }
  }

  private static void loop(JsonObject report, ImagePlus image, String model, int count)
      throws Exception {
    laps = new double[count + 1];
    lap = 0;
    WindowManager.setTempCurrentImage(null);
    Path file = Files.createTempFile("discs", ".tif");
    IJ.saveAsTiff(image, file.toString());
    runMacro(
        "setBatchMode(true);\n"
            + "open('" + file + "'); id = getImageID();\n"
            + "call('io.github.drua.engine.CallBenchmark.lap');\n"
            + "for (i = 0; i < " + count + "; i++) {\n"
            + "  selectImage(id);\n"
            + "  run('Drua Segment...', 'model=[" + model + "] output=labels,rois,table');\n"
            + "  close();\n"
            + "  call('io.github.drua.engine.CallBenchmark.lap');\n"
            + "}\n");
    Files.delete(file);
    double[] taken = new double[count];
    for (int i = 0; i < count; i++) {
      taken[i] = (laps[i + 1] - laps[i]) / 1e6;
    }
    report.add("loop", Samples.json(taken));
  }

  /** Called by the macro. */
  public static String lap() {
    laps[lap++] = System.nanoTime();
    return "";
  }

  static void runMacro(String text) throws Exception {
    Path file = Files.createTempFile("bench", ".ijm");
    Files.write(file, text.getBytes("UTF-8"));
    MacroHost.run(file.toString(), "");
    Files.delete(file);
  }
}
