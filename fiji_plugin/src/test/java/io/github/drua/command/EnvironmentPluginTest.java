package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImageJ;
import ij.plugin.frame.Recorder;
import java.awt.Component;
import java.awt.Container;
import java.awt.Dialog;
import java.awt.EventQueue;
import java.awt.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.swing.JButton;
import javax.swing.JFrame;
import javax.swing.JTextField;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The command {@code Drua Python Environment...} in an ImageJ on a display. */
@Tag("display")
@Timeout(60)
class EnvironmentPluginTest {
  private static final long PATIENCE = 20_000;

  @AfterEach
  void closeWindows() throws Exception {
    Recorder.record = false;
    // The dialog first: Java fails to close a window that a dialog blocks, and leaves both.
    close(window -> window instanceof Dialog && window.isShowing());
    close(window -> window instanceof JFrame);
  }

  private static void close(Predicate<Window> which) throws Exception {
    IJ.wait(200); // shown is not yet ready to be closed: the modal loop begins a little later
    EventQueue.invokeAndWait(
        () -> Arrays.stream(Window.getWindows()).filter(which).forEach(Window::dispose));
  }

  @Test
  void whatAPersonPressesIsRecordedCompletelyAndItsErrorIsOneDialog() throws Exception {
    if (IJ.getInstance() == null) {
      new ImageJ(ImageJ.EMBEDDED).setVisible(true);
    }
    Recorder recorder = new Recorder(false);
    Recorder.record = true;
    Status.forget();
    new EnvironmentPlugin().run("");
    JButton use =
        await(() -> first(JButton.class, button -> "Use That Python".equals(label(button))));
    await(() -> use.isEnabled() ? use : null);
    EventQueue.invokeAndWait(
        () -> {
          all(JTextField.class).get(1).setText("/no/such python");
          use.doClick();
        });
    Dialog error = await(EnvironmentPluginTest::dialog);
    assertEquals("Drua Python Environment...", error.getTitle());
    assertEquals(Status.Kind.ERROR, Status.last().kind());
    assertTrue(Status.last().text().contains("/no/such python is no program"), "" + Status.last());
    assertEquals(
        "run(\"Drua Python Environment...\","
            + " \"action=use python=[/no/such python] wheels=[] device=auto\");",
        Arrays.stream(recorder.getText().split("\n"))
            .filter(line -> line.contains("Drua Python"))
            .collect(Collectors.joining("\n")));
    EventQueue.invokeAndWait(recorder::close); // its lines are nothing to other tests
  }

  private static String label(JButton button) {
    return button.getText();
  }

  private static Dialog dialog() {
    for (Window window : Window.getWindows()) {
      if (window instanceof Dialog && window.isShowing()) {
        return (Dialog) window;
      }
    }
    return null;
  }

  private static <T> T first(Class<T> type, Predicate<T> wanted) {
    return all(type).stream().filter(wanted).findFirst().orElse(null);
  }

  private static <T> List<T> all(Class<T> type) {
    List<T> found = new ArrayList<>();
    for (Window window : Window.getWindows()) {
      if (window instanceof JFrame && window.isShowing()) {
        collect(window, type, found);
      }
    }
    return found;
  }

  private static <T> void collect(Container container, Class<T> type, List<T> found) {
    for (Component component : container.getComponents()) {
      if (type.isInstance(component)) {
        found.add(type.cast(component));
      } else if (component instanceof Container) {
        collect((Container) component, type, found);
      }
    }
  }

  private static <T> T await(Supplier<T> what) {
    long end = System.currentTimeMillis() + PATIENCE;
    while (System.currentTimeMillis() < end) {
      T found = what.get();
      if (found != null) {
        return found;
      }
      IJ.wait(20);
    }
    throw new AssertionError("waited in vain");
  }
}
