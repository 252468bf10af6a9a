package io.github.drua.ui;

import ij.IJ;
import io.github.drua.environment.BuildProgress;
import io.github.drua.environment.Phase;
import java.awt.BorderLayout;
import java.awt.EventQueue;
import java.awt.FlowLayout;
import java.awt.Font;
import java.awt.GridLayout;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JProgressBar;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.SwingUtilities;
import javax.swing.Timer;

/** A window that shows how an environment is made, phase by phase, and can cancel it. */
public final class EnvironmentProgress implements BuildProgress, AutoCloseable {
  private static final int GAP = 10;
  private static final int STEPS = 1000;
  private static final int REFRESH = 150;
  private static final int LINES = 100;

  private final Object state = new Object();
  private final Deque<String> lines = new ArrayDeque<>();
  private Phase phase = Phase.LOOK;
  private String detail = "";
  private double fraction = -1;
  private boolean changed = true;
  private volatile boolean cancelled;

  // Everything below belongs to the event thread.
  private final JFrame frame = new JFrame("Drua Python Environment");
  private final Map<Phase, JLabel> labels = new EnumMap<>(Phase.class);
  private final JLabel what = new JLabel(" ");
  private final JProgressBar bar = new JProgressBar(0, STEPS);
  private final JTextArea log = new JTextArea(9, 84);
  private final JButton cancel = new JButton("Cancel");
  private final Timer timer = new Timer(REFRESH, event -> refresh());

  private EnvironmentProgress() {}

  /** Opens the window; returns at once. */
  public static EnvironmentProgress open() {
    EnvironmentProgress progress = new EnvironmentProgress();
    EventQueue.invokeLater(progress::build);
    return progress;
  }

  @Override
  public void update(Phase current, String text, double done) {
    synchronized (state) {
      phase = current;
      detail = text;
      fraction = done;
      changed = true;
    }
  }

  @Override
  public void line(String line) {
    synchronized (state) {
      lines.addLast(line);
      while (lines.size() > LINES) {
        lines.removeFirst();
      }
      changed = true;
    }
  }

  @Override
  public boolean cancelled() {
    return cancelled;
  }

  @Override
  public void close() {
    EventQueue.invokeLater(
        () -> {
          timer.stop();
          frame.dispose();
        });
  }

  private void build() {
    JPanel phases = new JPanel(new GridLayout(0, 1, 0, 2));
    for (Phase each : Phase.values()) {
      JLabel label = new JLabel();
      labels.put(each, label);
      phases.add(label);
    }
    log.setEditable(false);
    log.setLineWrap(true);
    log.setFont(new Font(Font.MONOSPACED, Font.PLAIN, 11));
    JPanel state = new JPanel(new BorderLayout(0, GAP / 2));
    state.add(phases, BorderLayout.NORTH);
    state.add(what, BorderLayout.CENTER);
    state.add(bar, BorderLayout.SOUTH);
    JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT, GAP, 0));
    cancel.addActionListener(event -> stop());
    buttons.add(cancel);
    JPanel content = new JPanel(new BorderLayout(GAP, GAP));
    content.setBorder(BorderFactory.createEmptyBorder(GAP, GAP, GAP, GAP));
    content.add(state, BorderLayout.NORTH);
    content.add(new JScrollPane(log), BorderLayout.CENTER);
    content.add(buttons, BorderLayout.SOUTH);
    show(content);
  }

  private void show(JPanel content) {
    frame.setContentPane(content);
    frame.setDefaultCloseOperation(JFrame.DO_NOTHING_ON_CLOSE);
    frame.addWindowListener(
        new WindowAdapter() {
          @Override
          public void windowClosing(WindowEvent event) {
            stop();
          }
        });
    refresh();
    frame.pack();
    frame.setLocationRelativeTo(IJ.getInstance());
    frame.setVisible(true);
    timer.start();
  }

  private void stop() {
    cancelled = true;
    cancel.setEnabled(false);
    what.setText("Cancelling...");
  }

  private void refresh() {
    synchronized (state) {
      if (!changed) {
        return;
      }
      changed = false;
      for (Phase each : Phase.values()) {
        String mark = each.compareTo(phase) < 0 ? "\u2713" : each == phase ? "\u25b6" : "\u2007";
        labels.get(each).setText(mark + "  " + each.label());
        labels.get(each).setEnabled(each.compareTo(phase) <= 0);
      }
      if (!cancelled) {
        what.setText(detail.isEmpty() ? " " : detail);
      }
      bar.setIndeterminate(fraction < 0);
      bar.setValue((int) Math.round(STEPS * Math.max(0, fraction)));
      log.setText(String.join("\n", lines));
    }
    SwingUtilities.invokeLater(() -> log.setCaretPosition(log.getDocument().getLength()));
  }
}
