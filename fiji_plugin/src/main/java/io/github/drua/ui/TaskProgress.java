package io.github.drua.ui;

import ij.IJ;
import ij.ImagePlus;
import ij.macro.Interpreter;
import io.github.drua.engine.Progress;

/**
 * Progress in ImageJ's status bar; stopped by Esc, by the end of the macro that began the task, and
 * by closing the image that it is about.
 */
public final class TaskProgress implements Progress {
  private static final double SECONDS_BEFORE_ESTIMATE = 1;
  private static final double NANOS = 1e9;

  private final Interpreter macro = Interpreter.getInstance();
  private final ImagePlus image;
  private final boolean shown;
  private String counted = "";
  private long started;

  /** Starts to watch for Esc, for a task that is about no image. */
  public TaskProgress() {
    this.image = null;
    this.shown = false;
    IJ.resetEscape();
  }

  /** Starts to watch for Esc and for the image's window, if it has one. */
  public TaskProgress(ImagePlus image) {
    this.image = image;
    this.shown = image.getWindow() != null;
    IJ.resetEscape();
  }

  @Override
  public void update(String message, long current, long maximum) {
    if (maximum > 0 && !message.equals(counted)) {
      counted = message;
      started = System.nanoTime();
    }
    double seconds = (System.nanoTime() - started) / NANOS;
    IJ.showStatus("Drua: " + text(message, current, maximum, seconds));
    if (maximum > 0) {
      IJ.showProgress((double) current / maximum);
    }
  }

  @Override
  public boolean cancelled() {
    boolean closed = shown && image.getWindow() == null;
    return closed || IJ.escapePressed() || (macro != null && macro.done());
  }

  @Override
  public void stopping() {
    IJ.showStatus("Drua: stopping after this tile");
  }

  /** Clears bar and message. */
  public void finish() {
    IJ.showProgress(1.0);
    IJ.showStatus("");
  }

  /** Returns for example {@code tile 12 of 40, 8 s left}. */
  static String text(String message, long current, long maximum, double seconds) {
    if (maximum <= 0) {
      return message;
    }
    String one = message.endsWith("s") ? message.substring(0, message.length() - 1) : message;
    String text = one + " " + current + " of " + maximum;
    if (current == 0 || seconds < SECONDS_BEFORE_ESTIMATE) {
      return text;
    }
    return text + ", " + time(seconds / current * (maximum - current)) + " left";
  }

  private static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole < 120 ? whole + " s" : Math.round(seconds / 60) + " min";
  }
}
