package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImageJ;
import ij.ImagePlus;
import ij.WindowManager;
import ij.gui.GenericDialog;
import ij.gui.MessageDialog;
import ij.plugin.frame.Recorder;
import io.github.drua.engine.ErrorCode;
import java.awt.Button;
import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.Component;
import java.awt.Container;
import java.awt.EventQueue;
import java.awt.Robot;
import java.awt.TextField;
import java.awt.Window;
import java.awt.event.ActionEvent;
import java.awt.event.ItemEvent;
import java.awt.event.KeyEvent;
import java.awt.event.WindowEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.swing.JButton;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.text.JTextComponent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Dialog and window of {@code Drua Train Denoiser...}; pictures go to target/screenshots. */
@Tag("display")
@Timeout(60)
class TrainWindowsTest {
  private static final long PATIENCE = 20_000;
  private static final int CURVE = 0xFFC82828;

  @TempDir private Path folder;

  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  @BeforeEach
  void openImage() {
    if (IJ.getInstance() == null) {
      new ImageJ(ImageJ.EMBEDDED).setVisible(true);
    }
    Status.forget();
    IJ.createHyperStack("Movie 1.tif", 47, 31, 2, 3, 5, 16).show();
  }

  @AfterEach
  void closeWindows() throws Exception {
    Recorder.record = false;
    EventQueue.invokeAndWait(
        () ->
            Arrays.stream(Window.getWindows())
                .filter(window -> window instanceof JFrame || window instanceof GenericDialog)
                .forEach(Window::dispose));
    for (int id : WindowManager.getIDList() == null ? new int[0] : WindowManager.getIDList()) {
      WindowManager.getImage(id).changes = false;
      WindowManager.getImage(id).close();
    }
  }

  @Test
  void trainingIsWatchedStoppedAndKeptAndItsModelUsed() throws Exception {
    final Recorder recorder = new Recorder(false);
    Recorder.record = true;
    start();
    GenericDialog dialog = awaitDialog(null);
    assertEquals("movie-1-denoiser", field(dialog, 3).getText());
    assertFalse(field(dialog, 0).isEnabled());
    assertFalse(field(dialog, 1).isEnabled());
    field(dialog, 3).setText("slow-one");
    field(dialog, 4).setText(folder.toString());
    picture(dialog, "train-dialog");
    press(dialog);
    JFrame window = await(() -> frame("Training slow-one"));
    await(() -> texts(window).contains("After 380 steps the error") ? true : null);
    picture(window, "train-window");
    assertTrue(texts(window).contains("is 0.420; after 20 steps it was 0.810"), texts(window));
    assertTrue(texts(window).contains("Training 34 of 300 s"), texts(window));
    assertTrue(shows(window, CURVE));
    assertNull(Status.last());
    click(window, "Stop and Keep");
    await(Status::last);
    assertEquals(Status.Kind.DONE, Status.last().kind(), "" + Status.last());
    await(() -> texts(window).contains("Stopped by you after 380 steps") ? true : null);
    picture(window, "train-done");
    assertEquals(
        "[5,3,2,31,47]", fake.engine().inputs().get("image").asObject().get("shape").toString());
    Status.forget();
    click(window, "Denoise the Image");
    await(() -> WindowManager.getImage("Movie 1-denoised"));
    assertEquals("slow-one", fake.engine().inputs().getString("model", ""));
    click(window, "Close");
    await(() -> window.isShowing() ? null : true);
    assertEquals(
        "run(\"Drua Train Denoiser...\", \"name=slow-one noisy=[] clean=[] folder="
            + bracketed(folder)
            + " minutes=5 dimensions=2d channel=0 structure=auto device=auto resume=false"
            + " replace=false\");",
        Arrays.stream(recorder.getText().split("\n"))
            .filter(line -> line.contains("Drua Train"))
            .collect(Collectors.joining("\n")));
    EventQueue.invokeAndWait(recorder::close); // its lines are nothing to other tests
  }

  @Test
  void closedWindowKeepsTheModel() throws Exception {
    start();
    GenericDialog dialog = awaitDialog(null);
    field(dialog, 3).setText("slow-two");
    field(dialog, 4).setText(folder.toString());
    press(dialog);
    JFrame window = await(() -> frame("Training slow-two"));
    await(() -> fake.engine().inputs());
    EventQueue.invokeLater(
        () -> window.dispatchEvent(new WindowEvent(window, WindowEvent.WINDOW_CLOSING)));
    await(Status::last);
    assertEquals(Status.Kind.DONE, Status.last().kind(), "" + Status.last());
    assertTrue(window.isShowing());
  }

  @Test
  void escapeInTheWindowOfImageJKeepsTheModelAndInThatOfAnImageDoesNothing() throws Exception {
    train("slow-three");
    JFrame window = await(() -> frame("Training slow-three"));
    await(() -> fake.engine().inputs());
    escape(WindowManager.getCurrentImage().getCanvas());
    IJ.wait(300);
    assertNull(Status.last());
    escape(IJ.getInstance());
    await(Status::last);
    assertEquals(Status.Kind.DONE, Status.last().kind(), "" + Status.last());
    await(() -> texts(window).contains("Stopped by you after 380 steps") ? true : null);
  }

  private static void escape(Component component) throws Exception {
    KeyEvent key =
        new KeyEvent(component, KeyEvent.KEY_PRESSED, 0, 0, KeyEvent.VK_ESCAPE, (char) 27);
    EventQueue.invokeAndWait(() -> component.dispatchEvent(key));
  }

  @Test
  void imageThatIsClosedWhileTheDialogIsOpenIsNamed() {
    start();
    GenericDialog dialog = awaitDialog(null);
    closeImage();
    press(dialog);
    await(Status::last);
    assertEquals(ErrorCode.IMAGE, Status.last().code());
    assertTrue(
        Status.last().text().startsWith("the image 'Movie 1.tif' was closed; "),
        Status.last().text());
    closeMessage();
  }

  @Test
  void imageThatIsClosedBeforeItIsDenoisedIsNamed() throws Exception {
    train("mine");
    JFrame window = await(() -> frame("Training mine"));
    await(Status::last);
    Status.forget();
    IJ.createImage("another", 23, 19, 1, 8).show();
    closeImage();
    click(window, "Denoise the Image");
    await(Status::last);
    assertEquals(
        "the image 'Movie 1.tif', which the model learnt from, was closed; run Drua Denoise... with"
            + " model mine on any other image",
        Status.last().text());
    closeMessage();
  }

  /** Trains a model of a name as the dialog proposes. */
  private void train(String name) {
    start();
    GenericDialog dialog = awaitDialog(null);
    field(dialog, 3).setText(name);
    field(dialog, 4).setText(folder.toString());
    press(dialog);
  }

  private static void closeImage() {
    ImagePlus image = WindowManager.getImage("Movie 1.tif");
    image.changes = false;
    image.close();
  }

  @Test
  void dialogOffersWhatFitsTheNameAndTheSource() throws Exception {
    Files.createDirectories(folder.resolve("begun"));
    Files.write(folder.resolve("begun").resolve("checkpoint.pt"), new byte[] {1});
    start();
    GenericDialog dialog = awaitDialog(null);
    field(dialog, 4).setText(folder.toString());
    Checkbox resume = (Checkbox) dialog.getCheckboxes().get(0);
    final Checkbox replace = (Checkbox) dialog.getCheckboxes().get(1);
    assertFalse(resume.isEnabled());
    field(dialog, 3).setText("begun");
    await(() -> resume.isEnabled() ? true : null);
    assertFalse(replace.isEnabled());
    field(dialog, 3).setText("fnet");
    await(() -> replace.isEnabled() ? true : null);
    assertFalse(resume.isEnabled());
    Choice source = (Choice) dialog.getChoices().get(0);
    assertEquals(
        "the image Movie 1.tif (47 x 31 pixels, 2 channels, 15 planes)", source.getItem(0));
    source.select(1);
    ItemEvent chosen = new ItemEvent(source, ItemEvent.ITEM_STATE_CHANGED, "", 1);
    EventQueue.invokeLater(() -> source.getItemListeners()[0].itemStateChanged(chosen));
    await(() -> field(dialog, 0).isEnabled() && field(dialog, 1).isEnabled() ? true : null);
    picture(dialog, "train-dialog-folder");
    press(dialog);
    closeMessage();
    GenericDialog again = awaitDialog(dialog);
    assertEquals("fnet", field(again, 3).getText());
    assertTrue(field(again, 0).isEnabled());
    EventQueue.invokeLater(again::dispose);
    await(Status::last);
    assertEquals(Status.Kind.CANCELLED, Status.last().kind());
    assertNull(fake.engine().inputs());
  }

  private static void start() {
    EventQueue.invokeLater(() -> new TrainDenoiserPlugin().run(""));
  }

  private static String bracketed(Path path) {
    return path.toString().contains(" ") ? "[" + path + "]" : path.toString();
  }

  private static TextField field(GenericDialog dialog, int number) {
    return (TextField) dialog.getStringFields().get(number);
  }

  private static void press(GenericDialog dialog) {
    Button button = dialog.getButtons()[0];
    ActionEvent click = new ActionEvent(button, ActionEvent.ACTION_PERFORMED, button.getLabel());
    EventQueue.invokeLater(() -> button.getActionListeners()[0].actionPerformed(click));
  }

  private static void click(JFrame window, String label) throws Exception {
    JButton button =
        await(
            () ->
                all(window).stream()
                    .filter(each -> each instanceof JButton)
                    .map(each -> (JButton) each)
                    .filter(each -> label.equals(each.getText()))
                    .findFirst()
                    .orElse(null));
    EventQueue.invokeAndWait(button::doClick);
  }

  private static void closeMessage() {
    Window message = await(TrainWindowsTest::message);
    IJ.wait(200); // as with dialogs
    EventQueue.invokeLater(message::dispose);
    await(() -> message.isShowing() ? null : true);
  }

  private static Window message() {
    for (Window window : Window.getWindows()) {
      if (window instanceof MessageDialog && window.isShowing()) {
        return window;
      }
    }
    return null;
  }

  private static JFrame frame(String title) {
    for (Window window : Window.getWindows()) {
      if (window instanceof JFrame
          && window.isShowing()
          && title.equals(((JFrame) window).getTitle())) {
        return (JFrame) window;
      }
    }
    return null;
  }

  private static String texts(JFrame window) {
    return all(window).stream()
        .map(
            each ->
                each instanceof JLabel
                    ? ((JLabel) each).getText()
                    : each instanceof JTextComponent ? ((JTextComponent) each).getText() : "")
        .collect(Collectors.joining("\n"));
  }

  private static List<Component> all(Container container) {
    List<Component> found = new ArrayList<>();
    for (Component each : container.getComponents()) {
      found.add(each);
      if (each instanceof Container) {
        found.addAll(all((Container) each));
      }
    }
    return found;
  }

  private static boolean shows(Window window, int colour) throws Exception {
    BufferedImage seen = new Robot().createScreenCapture(window.getBounds());
    int count = 0;
    for (int y = 0; y < seen.getHeight(); y += 5) {
      for (int x = 0; x < seen.getWidth(); x += 5) {
        count += (seen.getRGB(x, y) | 0xFF000000) == colour ? 1 : 0;
      }
    }
    return count > 1000;
  }

  private static void picture(Window window, String name) throws Exception {
    Thread.sleep(400); // the window manager draws when it likes
    BufferedImage picture = new Robot().createScreenCapture(window.getBounds());
    File file = Files.createDirectories(Paths.get("target", "screenshots")).toFile();
    assertTrue(ImageIO.write(picture, "png", new File(file, name + ".png")));
  }

  /** Returns the dialog on display, which must be another one than before. */
  private static GenericDialog awaitDialog(GenericDialog before) {
    await(
        () -> {
          GenericDialog dialog = GenericDialog.getInstance();
          return dialog != null && dialog != before && dialog.isShowing() ? dialog : null;
        });
    // Shown is not yet ready to be closed: the modal loop begins a little later.
    IJ.wait(200);
    return GenericDialog.getInstance();
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
    throw new AssertionError("waited in vain; status: " + Status.last());
  }
}
