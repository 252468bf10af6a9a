import ij.IJ;
import java.awt.EventQueue;
import java.util.ArrayList;
import java.util.List;

/** Asks the event thread again and again for an answer, without any Python. */
public final class Probe extends Thread {
  private static final int PAUSE = 10;

  private final List<Double> waits = new ArrayList<>();
  private volatile boolean ended;

  public Probe() {
    super("probe");
    setDaemon(true);
  }

  @Override
  public void run() {
    try {
      while (!ended) {
        long asked = System.nanoTime();
        EventQueue.invokeAndWait(() -> {});
        waits.add((System.nanoTime() - asked) / 1e6);
        Thread.sleep(PAUSE);
      }
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Returns how long each answer took, in milliseconds. */
  public double[] end() throws InterruptedException {
    ended = true;
    join();
    return waits.stream().mapToDouble(Double::doubleValue).toArray();
  }

  /** Runs a command on the event thread, as its menu does, and returns when that thread is free. */
  public static void press(String command, String options) throws Exception {
    EventQueue.invokeAndWait(() -> IJ.run(command, options));
  }
}
