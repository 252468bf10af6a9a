package io.github.drua.ui;

import ij.IJ;
import io.github.drua.engine.Progress;
import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.Dimension;
import java.awt.EventQueue;
import java.awt.FlowLayout;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.KeyEventDispatcher;
import java.awt.KeyboardFocusManager;
import java.awt.RenderingHints;
import java.awt.event.KeyEvent;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.util.List;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JProgressBar;
import javax.swing.JTextArea;
import javax.swing.SwingUtilities;

/**
 * A window that shows how a training goes, and can end it early with what it has learnt. To close
 * it does the same, and so does Esc in it or in ImageJ's own window: what was learnt is never
 * thrown away.
 */
public final class TrainingWindow implements Progress, AutoCloseable {
  private static final int PICTURE_WIDTH = 660;
  private static final int PICTURE_HEIGHT = 560;
  private static final long BETWEEN_LOOKS = 500;
  private static final String FIRST = "The first picture comes with the first look at the result.";
  private static final String LEGEND =
      "Top: the error over the steps, grey on what is learnt from, red on what is not. Below: a"
          + " part of an image as it is, and what the model makes of it";

  private final String name;
  private final TrainingFiles files;
  private final String hint;
  private final ProgressText text = new ProgressText();
  private long looked;
  private volatile boolean finishing;

  // Everything below belongs to the event thread.
  private final JFrame frame;
  private final Picture picture = new Picture();
  private final JLabel what = Swings.label(" ", Swings.BOLD);
  private final JProgressBar bar = new JProgressBar();
  private final JTextArea losses = Swings.paragraph(FIRST, Swings.PLAIN);
  private final JButton stop = Swings.button("Stop and Keep", this::finish);
  private final JButton denoise = new JButton("Denoise the Image");
  private final JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT, Swings.GAP, 0));
  private final KeyEventDispatcher escape = this::escaped;
  private boolean ended;

  private TrainingWindow(String name, File training, boolean withoutClean) {
    this.name = name;
    frame = new JFrame("Training " + name);
    files = new TrainingFiles(training);
    hint = withoutClean ? " It contains the noise itself, so it never comes near 0." : "";
  }

  /**
   * Opens the window; returns at once.
   *
   * @param training the folder of the training
   * @param withoutClean whether the noisy images are all that there is to compare with
   */
  public static TrainingWindow open(String name, File training, boolean withoutClean) {
    TrainingWindow window = new TrainingWindow(name, training, withoutClean);
    EventQueue.invokeLater(() -> window.build(withoutClean));
    return window;
  }

  @Override
  public void update(String message, long current, long maximum) {
    String shown = text.of(message, current, maximum);
    EventQueue.invokeLater(
        () -> {
          bar.setIndeterminate(maximum <= 0);
          bar.setMaximum((int) Math.min(Integer.MAX_VALUE, Math.max(1, maximum)));
          bar.setValue((int) Math.min(Integer.MAX_VALUE, current));
          bar.setStringPainted(maximum > 0);
          what.setText(Character.toUpperCase(shown.charAt(0)) + shown.substring(1));
        });
  }

  @Override
  public boolean cancelled() {
    look();
    return false;
  }

  @Override
  public boolean finishing() {
    return finishing;
  }

  /**
   * Shows that the model is there.
   *
   * @param result how the training ended
   * @param notes what people should know of images and result
   * @param next what to do with the model then, on a thread of its own; null for nothing
   */
  public void done(String result, List<String> notes, Runnable next) {
    looked = 0;
    look();
    EventQueue.invokeLater(
        () -> {
          end();
          bar.setIndeterminate(false);
          bar.setStringPainted(false);
          bar.setValue(bar.getMaximum());
          what.setText("The model " + name + " is installed");
          losses.setText(result + hint + "\n\nOf these images: " + String.join("; ", notes) + ".");
          buttons.removeAll();
          if (next != null) {
            denoise.addActionListener(event -> start(next));
            buttons.add(denoise);
          }
          buttons.add(Swings.button("Close", frame::dispose));
          buttons.revalidate();
          buttons.repaint();
        });
  }

  @Override
  public void close() {
    EventQueue.invokeLater(
        () -> {
          end();
          frame.dispose();
        });
  }

  private void end() {
    ended = true;
    KeyboardFocusManager.getCurrentKeyboardFocusManager().removeKeyEventDispatcher(escape);
  }

  /** Looks whether the training has written something new; called on the thread of the call. */
  private void look() {
    long now = System.currentTimeMillis();
    if (now - looked < BETWEEN_LOOKS) {
      return;
    }
    looked = now;
    BufferedImage news = files.news();
    if (news == null) {
      return;
    }
    String words = files.losses();
    EventQueue.invokeLater(
        () -> {
          picture.show(news);
          if (!ended && !words.isEmpty()) {
            losses.setText(words + hint);
          }
        });
  }

  private void build(boolean withoutClean) {
    JPanel state = new JPanel(new BorderLayout(0, Swings.GAP / 2));
    state.add(what, BorderLayout.NORTH);
    state.add(bar, BorderLayout.CENTER);
    Rows rows = new Rows(PICTURE_WIDTH);
    rows.addWide(losses);
    rows.addWide(
        Swings.paragraph(LEGEND + (withoutClean ? "." : ", then the clean one."), Swings.PLAIN));
    state.add(rows, BorderLayout.SOUTH);
    buttons.add(stop);
    JPanel content = new JPanel(new BorderLayout(Swings.GAP, Swings.GAP));
    content.setBorder(
        BorderFactory.createEmptyBorder(Swings.GAP, Swings.GAP, Swings.GAP, Swings.GAP));
    content.add(picture, BorderLayout.CENTER);
    JPanel below = new JPanel(new BorderLayout(0, Swings.GAP));
    below.add(state, BorderLayout.CENTER);
    below.add(buttons, BorderLayout.SOUTH);
    content.add(below, BorderLayout.SOUTH);
    frame.setContentPane(content);
    frame.setDefaultCloseOperation(JFrame.DO_NOTHING_ON_CLOSE);
    frame.addWindowListener(
        new WindowAdapter() {
          @Override
          public void windowClosing(WindowEvent event) {
            if (ended) {
              frame.dispose();
            } else {
              finish();
            }
          }
        });
    KeyboardFocusManager.getCurrentKeyboardFocusManager().addKeyEventDispatcher(escape);
    frame.pack();
    frame.setLocationRelativeTo(IJ.getInstance());
    frame.setVisible(true);
    // Neither in a button, which a key would press, nor in a text, which would show a caret.
    content.setFocusable(true);
    content.requestFocusInWindow();
  }

  /**
   * Ends the training early on Esc. Not by {@link IJ#escapePressed}, which also tells of windows of
   * images: whoever goes on working there while a model learns leaves a selection by that key.
   */
  private boolean escaped(KeyEvent event) {
    if (event.getID() == KeyEvent.KEY_PRESSED && event.getKeyCode() == KeyEvent.VK_ESCAPE) {
      Component window = SwingUtilities.getRoot(event.getComponent());
      if (window == frame || window == IJ.getInstance()) {
        finish();
      }
    }
    return false; // the key is for others, too
  }

  private void finish() {
    finishing = true;
    stop.setEnabled(false);
    stop.setText("Stopping...");
  }

  private void start(Runnable next) {
    denoise.setEnabled(false);
    Thread thread =
        new Thread(
            () -> {
              next.run();
              EventQueue.invokeLater(() -> denoise.setEnabled(true));
            },
            frame.getTitle());
    thread.setDaemon(true);
    thread.start();
  }

  /** The picture of the training, as large as there is room. */
  private static final class Picture extends JPanel {
    private static final long serialVersionUID = 1L;

    private transient BufferedImage image;

    Picture() {
      setPreferredSize(new Dimension(PICTURE_WIDTH, PICTURE_HEIGHT));
      Swings.named(this, "The curve of the error, and the result so far");
    }

    void show(BufferedImage next) {
      image = next;
      repaint();
    }

    @Override
    protected void paintComponent(Graphics graphics) {
      super.paintComponent(graphics);
      if (image == null) {
        return;
      }
      double scale =
          Math.min(
              (double) getWidth() / image.getWidth(), (double) getHeight() / image.getHeight());
      int width = (int) Math.round(scale * image.getWidth());
      int height = (int) Math.round(scale * image.getHeight());
      Graphics2D canvas = (Graphics2D) graphics.create();
      canvas.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
      canvas.drawImage(
          image, (getWidth() - width) / 2, (getHeight() - height) / 2, width, height, null);
      canvas.dispose();
    }
  }
}
