package io.github.drua.engine;

import ij.IJ;
import ij.ImagePlus;
import ij.ImageStack;
import ij.io.FileSaver;
import io.github.drua.image.CopyBack;
import io.github.drua.image.ImageBridge;
import io.github.drua.image.Region;
import io.github.drua.shaded.json.JsonObject;
import java.io.File;

/** How long planes take from Java's heap to the engine's array, and back; all peers in turn. */
public final class TransferBenchmark {
  private final ImagePlus image;
  private final ImageStack stack;
  private final short[][] back;
  private final File file;
  private final JsonObject report = new JsonObject();
  private EngineClient engine;
  private Segment used;

  private TransferBenchmark(int megabytes, File folder) {
    image = Samples.stack(megabytes);
    stack = image.getStack();
    back = new short[stack.size()][1 << 20];
    file = new File(folder, "stack.tif");
  }

  /** Arguments: megabytes, rounds, rounds of what is slow, folder for TIFF, Python with Appose. */
  public static void main(String[] args) throws Exception {
    TransferBenchmark benchmark =
        new TransferBenchmark(Integer.parseInt(args[0]), new File(args[3]));
    try (ApposePeer appose = new ApposePeer(args[4])) {
      benchmark.cold(Integer.parseInt(args[2]));
      benchmark.warm(Integer.parseInt(args[1]), Integer.parseInt(args[2]), appose);
    }
    System.out.println(benchmark.report);
    System.exit(0);
  }

  private void start() {
    if (engine != null) {
      engine.close();
    }
    engine = new EngineClient(WorkerProcess.launcher(), Segments::usual, Deadlines.USUAL);
    engine.call("nothing", new JsonObject(), Progress.NONE);
  }

  /** The first image of a new engine: with memory made ready while nobody waited, and without. */
  private void cold(int rounds) throws Exception {
    for (int i = 0; i < 2; i++) {
      start();
      send(); // so that no first use of Java's own code is measured
    }
    for (int i = 0; i < rounds; i++) {
      start();
      Samples.add(report, "unprepared", Samples.millis(this::send));
      start();
      engine.expect(new ImageBridge(image, Region.of(image, false)).bytes());
      Thread.sleep(1500);
      Samples.add(report, "prepared", Samples.millis(this::send));
    }
  }

  private void warm(int rounds, int slow, ApposePeer appose) throws Exception {
    for (int i = -3; i < rounds; i++) {
      boolean counts = i >= 0;
      add(counts, "arraycopy", Samples.millis(this::copyHeap));
      add(counts, "one way", Samples.millis(this::send));
      add(counts, "arraycopy", Samples.millis(this::copyHeap));
      add(counts, "round trip", Samples.millis(this::sendAndReturn));
      if (i < slow) {
        add(counts, "appose", Samples.millis(() -> check(appose.send(stack))));
        add(counts, "tiff", Samples.millis(() -> tiff(false)));
        add(counts, "tiff round trip", Samples.millis(() -> tiff(true)));
      }
    }
  }

  private void add(boolean counts, String name, double millis) {
    if (counts) {
      Samples.add(report, name, millis);
    }
  }

  private void copyHeap() {
    for (int i = 0; i < back.length; i++) {
      System.arraycopy(stack.getPixels(i + 1), 0, back[i], 0, back[i].length);
    }
  }

  private void send() {
    ImageBridge planes = new ImageBridge(image, Region.of(image, false));
    Pixels pixels =
        new Pixels() {
          @Override
          public JsonObject header() {
            return planes.header();
          }

          @Override
          public long bytes() {
            return planes.bytes();
          }

          @Override
          public void writeTo(Segment segment, Progress progress) {
            planes.writeTo(segment, progress);
            used = segment;
          }
        };
    check(engine.call("look", new JsonObject(), pixels, Progress.NONE).outputs().getLong("sum", 0));
  }

  private void sendAndReturn() {
    send();
    // Nobody else acquires segments here, so that the pool leaves it as it is.
    CopyBack.planes(used, back);
    for (int i = 0; i < back.length; i++) {
      if (back[i][0] != (short) (((short[]) stack.getPixels(i + 1))[0] + 1)) {
        throw new IllegalStateException("plane " + i + " did not come back");
      }
    }
  }

  private void tiff(boolean back) {
    new FileSaver(image).saveAsTiffStack(file.getPath());
    JsonObject inputs = new JsonObject().add("path", file.getPath()).add("back", back);
    check(engine.call("tiff", inputs, Progress.NONE).getLong("sum", 0));
    if (back && IJ.openImage(file.getPath()).getStackSize() != stack.size()) {
      throw new IllegalStateException("the TIFF file did not come back");
    }
  }

  private void check(long sum) {
    long expected = 0;
    for (int i = 1; i <= stack.size(); i++) {
      short[] plane = (short[]) stack.getPixels(i);
      expected += plane[plane.length - 1] & 0xffff;
    }
    if (sum != expected) {
      throw new IllegalStateException("the engine saw " + sum + " instead of " + expected);
    }
  }
}
