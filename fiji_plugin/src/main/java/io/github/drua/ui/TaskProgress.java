package io.github.drua.ui;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.ProgressBar;
import ij.macro.Interpreter;
import io.github.drua.engine.Progress;
import java.awt.event.MouseAdapter;
import java.awt.event.MouseEvent;
import java.awt.event.MouseListener;

/**
 * Progress in ImageJ's status bar; stopped by Esc, by a click on the bar, by the end of the macro
 * that began the task, and by closing the image that it is about.
 */
public final class TaskProgress implements Progress {
  private static final String HINT = " (Esc or a click on the bar: stop)";

  private final Interpreter macro = Interpreter.getInstance();
  private final ProgressBar bar =
      IJ.getInstance() == null ? null : IJ.getInstance().getProgressBar();
  private final MouseListener click =
      new MouseAdapter() {
        @Override
        public void mousePressed(MouseEvent e) {
          clicked = true;
        }
      };
  private final ImagePlus image;
  private final boolean shown;
  private final ProgressText text = new ProgressText();
  private volatile boolean clicked;

  /** Starts to watch, for a task that is about no image. */
  public TaskProgress() {
    this(null);
  }

  /** Starts to watch, also the image's window, if it has one. */
  public TaskProgress(ImagePlus image) {
    this.image = image;
    this.shown = image != null && image.getWindow() != null;
    if (bar != null) {
      bar.addMouseListener(click);
    }
    IJ.resetEscape();
  }

  @Override
  public void update(String message, long current, long maximum) {
    String hint = bar != null && maximum > 0 ? HINT : "";
    IJ.showStatus("Drua: " + text.of(message, current, maximum) + hint);
    if (maximum > 0) {
      IJ.showProgress((double) current / maximum);
    }
  }

  @Override
  public boolean cancelled() {
    boolean closed = shown && image.getWindow() == null;
    return closed || clicked || IJ.escapePressed() || (macro != null && macro.done());
  }

  @Override
  public void stopping() {
    IJ.showStatus("Drua: stopping after this tile");
  }

  /** Clears bar and message, and stops to watch. */
  public void finish() {
    if (bar != null) {
      bar.removeMouseListener(click);
    }
    clear();
  }

  /** Clears bar and message, for example while a dialog asks for more. */
  public void clear() {
    IJ.showProgress(1.0);
    IJ.showStatus("");
  }
}
