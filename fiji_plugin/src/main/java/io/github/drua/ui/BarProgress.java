package io.github.drua.ui;

import io.github.drua.engine.Progress;
import java.awt.EventQueue;
import javax.swing.JLabel;
import javax.swing.JProgressBar;

/** Progress in a label and a bar of a window. */
final class BarProgress implements Progress {
  private final JLabel label;
  private final JProgressBar bar;
  private final ProgressText text = new ProgressText();
  private volatile boolean cancelled;

  /** Begins to show a step, whose end nobody knows at first. */
  BarProgress(JLabel label, JProgressBar bar, String step) {
    this.label = label;
    this.bar = bar;
    update(step, 0, 0);
  }

  @Override
  public void update(String message, long current, long maximum) {
    String shown = text.of(message, current, maximum);
    EventQueue.invokeLater(
        () -> {
          bar.setIndeterminate(maximum <= 0);
          bar.setMaximum((int) Math.min(Integer.MAX_VALUE, Math.max(1, maximum)));
          bar.setValue((int) Math.min(Integer.MAX_VALUE, current));
          if (!cancelled) {
            label.setText(Character.toUpperCase(shown.charAt(0)) + shown.substring(1));
          }
        });
  }

  @Override
  public boolean cancelled() {
    return cancelled;
  }

  /** Stops what is under way; called on the event thread. */
  void cancel() {
    cancelled = true;
    label.setText("Stopping...");
  }
}
