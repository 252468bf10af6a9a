package io.github.drua.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.drua.command.OptionsView;
import io.github.drua.environment.Machines;
import io.github.drua.environment.Phase;
import java.awt.Component;
import java.awt.Container;
import java.awt.EventQueue;
import java.awt.Robot;
import java.awt.Window;
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.imageio.ImageIO;
import javax.swing.JButton;
import javax.swing.JComboBox;
import javax.swing.JFrame;
import javax.swing.JProgressBar;
import javax.swing.JTextArea;
import javax.swing.JTextField;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The windows about the Python environment, on a display; pictures go to target/screenshots. */
@Tag("display")
@Timeout(60)
class EnvironmentWindowsTest {
  @TempDir private Path folder;

  @AfterEach
  void closeWindows() throws Exception {
    EventQueue.invokeAndWait(() -> frames().forEach(Window::dispose));
  }

  @Test
  void windowShowsTheReportAndPassesOnWhatIsChosen() throws Exception {
    BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    EnvironmentDialog.show(
        Machines.withEnvironment(folder), options -> asked.add(OptionsView.text(options)));
    await(() -> text().contains("ready"));
    assertTrue(text().contains("cpu: works, 7.5 megapixels/s"), text());
    picture("environment");
    EventQueue.invokeAndWait(
        () -> {
          JComboBox<?> device = all(JComboBox.class).get(0);
          assertEquals("the fastest (no NVIDIA device found)", device.getItemAt(0));
          device.setSelectedIndex(1);
          all(JTextField.class).get(0).setText("/media/stick/wh els");
          button("Repair").doClick();
        });
    String options = asked.poll(10, TimeUnit.SECONDS);
    assertEquals("action=repair python=[] wheels=[/media/stick/wh els] device=cpu", options);
    await(() -> button("Delete...").isEnabled());
    assertEquals(1, all(JComboBox.class).get(0).getSelectedIndex(), "the choice stays");
  }

  @Test
  void withoutAnEnvironmentThereIsOnlyOneToMake() throws Exception {
    BlockingQueue<String> asked = new LinkedBlockingQueue<>();
    EnvironmentDialog.show(Machines.bare(folder), options -> asked.add(OptionsView.text(options)));
    await(() -> text().contains("there is none yet"));
    EventQueue.invokeAndWait(() -> {}); // the text comes before the buttons
    assertFalse(button("Repair").isEnabled());
    assertFalse(button("Delete...").isEnabled());
    picture("environment-none");
    EventQueue.invokeAndWait(() -> button("Create").doClick());
    String options = asked.poll(10, TimeUnit.SECONDS);
    assertEquals("action=create python=[] wheels=[] device=auto", options);
  }

  @Test
  void progressShowsPhasesBytesAndCancels() throws Exception {
    EnvironmentProgress progress = EnvironmentProgress.open();
    progress.update(Phase.DOWNLOAD, "numpy, 8 MB of 16 MB (package 3)", 0.25);
    for (int i = 0; i < 12; i++) {
      progress.line("Collecting package-" + i + "==1.0 (from drua==0.1.0)");
    }
    await(() -> !all(JProgressBar.class).isEmpty() && all(JProgressBar.class).get(0).isShowing());
    await(() -> all(JProgressBar.class).get(0).getValue() == 250);
    picture("environment-progress");
    assertFalse(progress.cancelled());
    EventQueue.invokeAndWait(() -> button("Cancel").doClick());
    assertTrue(progress.cancelled());
    progress.close();
    await(() -> frames().isEmpty());
  }

  private void picture(String name) throws Exception {
    Thread.sleep(400); // the window manager draws when it likes
    JFrame frame = frames().get(0);
    BufferedImage picture = new Robot().createScreenCapture(frame.getBounds());
    File file = Files.createDirectories(Paths.get("target", "screenshots")).toFile();
    assertTrue(ImageIO.write(picture, "png", new File(file, name + ".png")));
  }

  private static List<JFrame> frames() {
    List<JFrame> frames = new ArrayList<>();
    for (Window window : Window.getWindows()) {
      if (window instanceof JFrame && window.isShowing()) {
        frames.add((JFrame) window);
      }
    }
    return frames;
  }

  private static String text() {
    List<JTextArea> areas = all(JTextArea.class);
    return areas.isEmpty() ? "" : areas.get(0).getText();
  }

  private static JButton button(String label) {
    return all(JButton.class).stream()
        .filter(button -> label.equals(button.getText()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(label));
  }

  private static <T> List<T> all(Class<T> type) {
    List<T> found = new ArrayList<>();
    frames().forEach(frame -> collect(frame, type, found));
    return found;
  }

  private static <T> void collect(Container container, Class<T> type, List<T> found) {
    for (Component component : Arrays.asList(container.getComponents())) {
      if (type.isInstance(component)) {
        found.add(type.cast(component));
      } else if (component instanceof Container) {
        collect((Container) component, type, found);
      }
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.currentTimeMillis() + 20_000;
    while (!condition.getAsBoolean()) {
      assertTrue(System.currentTimeMillis() < end, "waited in vain: " + text());
      Thread.sleep(20);
    }
  }
}
