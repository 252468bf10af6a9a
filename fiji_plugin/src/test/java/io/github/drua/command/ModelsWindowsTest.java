package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImageJ;
import ij.macro.Interpreter;
import ij.plugin.frame.Recorder;
import java.awt.Color;
import java.awt.Component;
import java.awt.Container;
import java.awt.Dialog;
import java.awt.EventQueue;
import java.awt.Graphics2D;
import java.awt.Robot;
import java.awt.Window;
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import javax.swing.AbstractButton;
import javax.swing.JCheckBox;
import javax.swing.JDialog;
import javax.swing.JFileChooser;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JProgressBar;
import javax.swing.JTextArea;
import javax.swing.JTextField;
import javax.swing.text.JTextComponent;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The window of {@code Drua Models...} on a display; pictures go to target/screenshots. */
@Tag("display")
@Timeout(60)
class ModelsWindowsTest {
  private static final long PATIENCE = 20_000;
  private static final String URL = "https://zenodo.org/records/1/";

  @TempDir private Path folder;

  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  private Recorder recorder;

  @BeforeEach
  void openWindow() throws Exception {
    if (IJ.getInstance() == null) {
      new ImageJ(ImageJ.EMBEDDED).setVisible(true);
    }
    Status.forget();
    fake.engine().models().setCover(cover());
    recorder = new Recorder(false);
    Recorder.record = true;
    new ModelsPlugin().run("");
    await(() -> frame() != null && list().getModel().getSize() == 5 ? true : null);
    awaitIdle();
  }

  @AfterEach
  void closeWindows() throws Exception {
    EventQueue.invokeAndWait(
        () -> {
          recorder.close();
          Arrays.stream(Window.getWindows())
              .filter(each -> each instanceof JFrame || each instanceof Dialog)
              .forEach(Window::dispose);
        });
    Recorder.record = false;
  }

  private String cover() throws Exception {
    BufferedImage picture = new BufferedImage(640, 320, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = picture.createGraphics();
    Random random = new Random(3);
    for (int i = 0; i < 60; i++) {
      canvas.setColor(new Color(0, 90 + random.nextInt(160), 60 + random.nextInt(90)));
      int side = 20 + random.nextInt(40);
      canvas.fillOval(random.nextInt(320 - side), random.nextInt(320 - side), side, side);
      canvas.setColor(Color.getHSBColor(random.nextFloat(), 0.8f, 1));
      canvas.fillOval(320 + random.nextInt(320 - side), random.nextInt(320 - side), side, side);
    }
    canvas.dispose();
    File file = folder.resolve("cover.png").toFile();
    assertTrue(ImageIO.write(picture, "png", file));
    return file.getPath();
  }

  @Test
  void listShowsModelsBadgesAndWhatIsBroken() throws Exception {
    installUrl("spots.zip", "Install");
    assertEquals("spots", selected());
    picture(frame(), "models");
    List<String> texts = texts(frame());
    assertTrue(texts.contains("CC-BY-4.0"), texts.toString());
    assertTrue(texts.contains("raw: axes bcyx; channels DAPI, GFP"), texts.toString());
    assertTrue(texts.contains("mask: axes byx; may be left out"), texts.toString());
    assertTrue(texts.contains("y 0.325, x 0.325 micrometer"), texts.toString());
    assertTrue(texts.contains("Zo\u00eb \u00c5ngstr\u00f6m, Jo <b>Bold</b>"), texts.toString());
    assertTrue(cell(0).contains("[Nuclei (fluorescence), Segmentation  \u00b7  BSD-3-Clause"));
    assertTrue(cell(0).endsWith("1.8 MB, tested, shipped]"), cell(0));
    assertTrue(cell(1).endsWith("not tested]"), cell(1));
    assertTrue(
        cell(3).endsWith("cannot run, the decoder stardist_postprocessing comes later]"), cell(3));
    assertTrue(cell(5).endsWith("broken, rdf.yaml has no weights, but a model needs some]"));
    select(3);
    assertTrue(
        texts(frame())
            .contains(
                "Cannot run here: the decoder stardist_postprocessing comes later. Remedy: update"
                    + " Drua when it is there"));
    assertFalse(button(frame(), "Test").isEnabled());
    picture(frame(), "models-problem");
    select(5);
    assertFalse(button(frame(), "Remove...").isEnabled());
    picture(frame(), "models-broken");
    press(button(frame(), "Show Folder"));
    String gone = "There is no folder /home/zoe/.local/share/drua/models/old-model";
    await(() -> texts(frame()).contains(gone) ? true : null);
  }

  @Test
  void shippedModelCannotBeRemovedAndAnotherOneIsAfterAQuestion() throws Exception {
    select(0);
    assertFalse(button(frame(), "Remove...").isEnabled());
    select(1);
    press(button(frame(), "Remove..."));
    JDialog question = awaitDialog("Remove Model");
    picture(question, "models-remove");
    press(button(question, "OK"));
    await(() -> list().getModel().getSize() == 4 ? true : null);
    awaitIdle();
    assertEquals("run(\"Drua Models...\", \"action=remove model=cells\");", recorded());
  }

  @Test
  void packageFromAFileIsInstalledRecordedAndReplaced() throws Exception {
    press(button(frame(), "Install from File..."));
    JFileChooser chooser = await(() -> first(JFileChooser.class));
    EventQueue.invokeLater(
        () -> {
          chooser.setSelectedFile(new File("/data/my models/spots.zip"));
          chooser.approveSelection();
        });
    JDialog question = awaitDialog("Install Model");
    assertTrue(texts(question).get(0).contains("accept its licence, CC-BY-4.0"));
    picture(question, "models-install");
    press(button(question, "Install"));
    await(() -> list().getModel().getSize() == 6 ? true : null);
    awaitIdle();
    assertEquals("spots", selected());
    assertTrue(texts(frame()).contains("Installed the model spots (Spots in FISH images)"));
    String line =
        "run(\"Drua Models...\", \"action=add source=[/data/my models/spots.zip] replace=false"
            + " allow_code=[]\");";
    assertEquals(line, recorded());
    installUrl("spots.zip", "Replace");
    assertEquals(6, list().getModel().getSize());
    assertTrue(recorded().endsWith("source=" + URL + "spots.zip replace=true allow_code=[]\");"));
  }

  @Test
  void programIsShownAndRunsOnlyAfterTheCheckBox() throws Exception {
    lookAt("code.zip");
    press(button(awaitDialog("Install Model"), "Install..."));
    JDialog question = awaitDialog("Run a Program?");
    AbstractButton yes = button(question, "Convert and Install");
    assertFalse(yes.isEnabled());
    assertTrue(texts(question).stream().anyMatch(text -> text.startsWith("import torch\n")));
    assertTrue(texts(question).contains(FakeModels.SHA256));
    assertTrue(texts(question).stream().anyMatch(text -> text.contains("(Zo\u00eb \u00c5ngs")));
    JCheckBox read = all(question, JCheckBox.class).get(0);
    press(read);
    await(() -> yes.isEnabled() ? true : null);
    picture(question, "models-code");
    press(read);
    await(() -> yes.isEnabled() ? null : true);
    press(read);
    await(() -> yes.isEnabled() ? true : null);
    press(yes);
    await(() -> list().getModel().getSize() == 6 ? true : null);
    awaitIdle();
    assertTrue(recorded().endsWith("replace=false allow_code=" + FakeModels.SHA256 + "\");"));
  }

  @Test
  void declinedProgramInstallsNothing() throws Exception {
    lookAt("code.zip");
    press(button(awaitDialog("Install Model"), "Install..."));
    press(button(awaitDialog("Run a Program?"), "Cancel"));
    awaitIdle();
    assertEquals(Collections.emptyList(), fake.engine().models().requests("add"));
    assertEquals("", recorded());
  }

  @Test
  void networkIsDescribedInAFormThatStaysFilledAfterAnError() throws Exception {
    lookAt("net.onnx");
    JDialog form = awaitDialog("Describe Network");
    assertEquals("bcyx", field(form, "Axes of the input").getText());
    assertEquals("32", field(form, "Halo").getText());
    type(field(form, "Id"), "my-net");
    type(field(form, "Axes of the input"), "yx");
    press(button(form, "Install"));
    await(() -> texts(form).toString().contains("Licence is missing") ? true : null);
    type(field(form, "Licence"), "MIT");
    press(button(form, "Install"));
    await(() -> texts(form).toString().contains("Pixel size is missing") ? true : null);
    picture(form, "models-form");
    assertEquals(Collections.emptyList(), fake.engine().models().requests("add"));
    type(field(form, "Pixel size"), "0.65");
    press(button(form, "Install"));
    Dialog error = awaitDialog(Dialog.class, "Drua Models...");
    assertEquals("axes is 'yx', but the input of net.onnx has 4 sides; write bcyx", told());
    assertEquals("", recorded());
    EventQueue.invokeLater(error::dispose);
    await(() -> form.isShowing() ? true : null);
    assertEquals("my-net", field(form, "Id").getText());
    assertEquals("0.65", field(form, "Pixel size").getText());
    type(field(form, "Axes of the input"), "bcyx");
    press(button(form, "Install"));
    await(() -> list().getModel().getSize() == 6 ? true : null);
    awaitIdle();
    assertEquals("my-net", selected());
    assertEquals(
        "run(\"Drua Models...\", \"action=add source="
            + URL
            + "net.onnx replace=false allow_code=[] id=my-net licence=MIT authors=[] task=segment axes=bcyx"
            + " decoder=watershed pixel_size=0.65 halo=32 normalise=true\");",
        recorded());
  }

  @Test
  void recordedLineAsksTheEngineForTheSameAgain() throws Exception {
    lookAt("net.onnx");
    JDialog form = awaitDialog("Describe Network");
    type(field(form, "Licence"), "MIT");
    type(field(form, "Pixel size"), "0.65");
    press(button(form, "Install"));
    await(() -> list().getModel().getSize() == 6 ? true : null);
    awaitIdle();
    String line = recorded();
    select(5);
    EventQueue.invokeAndWait(() -> list().setSelectedIndex(4));
    assertEquals("net", selected());
    press(button(frame(), "Remove..."));
    press(button(awaitDialog("Remove Model"), "OK"));
    await(() -> list().getModel().getSize() == 5 ? true : null);
    awaitIdle();
    ModelsPlugin.act(line.replaceAll(".*\\.\\.\\.\", \"|\"\\);", ""));
    List<String> requests = fake.engine().models().requests("add");
    assertEquals(2, requests.size());
    assertEquals(requests.get(0), requests.get(1));
  }

  @Test
  void downloadIsShownInMegabytesAndCancelledWhileTheWindowAnswers() throws Exception {
    lookAt("slow.zip");
    await(() -> texts(frame()).contains("Downloading 12 of 40 MB") ? true : null);
    JProgressBar bar = all(frame(), JProgressBar.class).get(0);
    assertEquals(12, bar.getValue());
    assertEquals(40, bar.getMaximum());
    assertFalse(button(frame(), "Install from URL...").isEnabled());
    picture(frame(), "models-download");
    long start = System.nanoTime();
    EventQueue.invokeAndWait(() -> list().setSelectedIndex(2));
    assertTrue(System.nanoTime() - start < 2_000_000_000L, "the event thread waits");
    press(button(frame(), "Cancel"));
    awaitIdle();
    assertTrue(
        texts(frame())
            .contains(
                "Cancelled. What was downloaded is kept: install the same URL again to go on."));
    assertEquals("", recorded());
    press(button(frame(), "Install from URL..."));
    JDialog again = awaitDialog("Install from URL");
    assertEquals(URL + "slow.zip", field(again, "URL").getText());
    press(button(again, "Cancel"));
  }

  @Test
  void closingTheWindowCancelsTheDownload() throws Exception {
    lookAt("slow.zip");
    await(() -> texts(frame()).contains("Downloading 12 of 40 MB") ? true : null);
    press(button(frame(), "Close"));
    await(() -> Status.last().kind() == Status.Kind.CANCELLED ? true : null);
    assertNull(first(JDialog.class));
  }

  @Test
  void errorIsOneDialogWithTheNextStepAndTheUrlStays() throws Exception {
    lookAt("bad.zip");
    Dialog error = awaitDialog(Dialog.class, "Drua Models...");
    assertEquals("bad.zip holds no rdf.yaml; choose the zip file of a bioimage.io model", told());
    EventQueue.invokeLater(error::dispose);
    awaitIdle();
    press(button(frame(), "Install from URL..."));
    JDialog again = awaitDialog("Install from URL");
    assertEquals(URL + "bad.zip", field(again, "URL").getText());
    press(button(again, "Cancel"));
  }

  @Test
  void macroThatRunsMeanwhileGoesOnAfterAnErrorAndACancel() throws Exception {
    String[] result = new String[1];
    String text = "while (!File.exists('" + folder + "/stop')) wait(20); return 'end';";
    Thread macro = new Thread(() -> result[0] = IJ.runMacro(text));
    macro.start();
    await(() -> Interpreter.getInstance());
    lookAt("bad.zip");
    Dialog error = awaitDialog(Dialog.class, "Drua Models...");
    EventQueue.invokeLater(error::dispose);
    awaitIdle();
    lookAt("slow.zip");
    await(() -> texts(frame()).contains("Downloading 12 of 40 MB") ? true : null);
    press(button(frame(), "Cancel"));
    awaitIdle();
    Files.createFile(folder.resolve("stop"));
    macro.join(PATIENCE);
    assertEquals("end", result[0]);
  }

  @Test
  void testIsRecordedAndAFailedOneIsSeenInTheList() throws Exception {
    select(2);
    press(button(frame(), "Test"));
    await(() -> texts(frame()).contains("passed on auto") ? true : null);
    awaitIdle();
    assertEquals("run(\"Drua Models...\", \"action=test model=fnet device=auto\");", recorded());
    assertEquals("fnet", selected());
    assertTrue(cell(2).endsWith(", tested]"), cell(2));
    select(1);
    press(button(frame(), "Test"));
    Dialog error = awaitDialog(Dialog.class, "Drua Models...");
    assertTrue(told().startsWith("the model 'cells' failed its test"), told());
    EventQueue.invokeLater(error::dispose);
    await(() -> cell(1).endsWith(", test failed]") ? true : null);
  }

  @Test
  void refreshSeesWhatOthersHaveInstalled() throws Exception {
    select(1);
    ModelsPlugin.act("action=add source=/data/spots.zip");
    press(button(frame(), "Refresh"));
    await(() -> list().getModel().getSize() == 6 ? true : null);
    awaitIdle();
    assertEquals("cells", selected());
  }

  private void installUrl(String file, String yes) throws Exception {
    lookAt(file);
    press(button(awaitDialog(yes + " Model"), yes));
    await(() -> first(JDialog.class) == null ? true : null);
    awaitIdle();
  }

  private void lookAt(String file) throws Exception {
    press(button(frame(), "Install from URL..."));
    JDialog prompt = awaitDialog("Install from URL");
    type(field(prompt, "URL"), URL + file);
    press(button(prompt, "Next"));
  }

  private static String told() {
    return Status.last().text();
  }

  private String recorded() {
    return Arrays.stream(recorder.getText().split("\n"))
        .filter(line -> line.contains("Drua Models"))
        .reduce("", (before, last) -> last);
  }

  private static JFrame frame() {
    return (JFrame)
        Arrays.stream(Window.getWindows())
            .filter(each -> each instanceof JFrame && each.isShowing())
            .findFirst()
            .orElse(null);
  }

  private static JList<?> list() {
    return all(frame(), JList.class).get(0);
  }

  private static void select(int index) throws Exception {
    EventQueue.invokeAndWait(() -> list().setSelectedIndex(index));
  }

  private static String selected() throws Exception {
    List<String> texts = texts(frame());
    return texts.get(texts.indexOf("Id") + 1);
  }

  /** Returns what a line of the list shows. */
  private static String cell(int index) {
    return cell(list(), index);
  }

  private static <T> String cell(JList<T> list, int index) {
    T value = list.getModel().getElementAt(index);
    Component cell =
        list.getCellRenderer().getListCellRendererComponent(list, value, index, false, false);
    return texts((Container) cell).toString();
  }

  private static AbstractButton button(Window window, String label) {
    return all(window, AbstractButton.class).stream()
        .filter(button -> label.equals(button.getText()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(label));
  }

  private static JTextField field(Window window, String name) {
    return all(window, JTextField.class).stream()
        .filter(field -> name.equals(field.getAccessibleContext().getAccessibleName()))
        .findFirst()
        .orElseThrow(() -> new AssertionError(name));
  }

  private static void press(AbstractButton button) {
    EventQueue.invokeLater(button::doClick); // a modal window would hold who waits for it
  }

  private static void type(JTextField field, String text) throws Exception {
    EventQueue.invokeAndWait(() -> field.setText(text));
  }

  /** Returns every text that a window shows. */
  private static List<String> texts(Container window) {
    return all(window, Component.class).stream()
        .map(ModelsWindowsTest::text)
        .filter(text -> text != null && !text.trim().isEmpty())
        .collect(Collectors.toList());
  }

  private static String text(Component component) {
    if (component instanceof JLabel) {
      return ((JLabel) component).getText();
    }
    boolean shown = component instanceof JTextArea || component instanceof JTextField;
    return shown ? ((JTextComponent) component).getText() : null;
  }

  private static <T> T first(Class<T> type) {
    for (Window window : Window.getWindows()) {
      if (window.isShowing()) {
        List<T> found = type.isInstance(window) ? null : all(window, type);
        if (found == null || !found.isEmpty()) {
          return found == null ? type.cast(window) : found.get(0);
        }
      }
    }
    return null;
  }

  private static <T> List<T> all(Container container, Class<T> type) {
    List<T> found = new ArrayList<>();
    for (Component component : container.getComponents()) {
      if (type.isInstance(component)) {
        found.add(type.cast(component));
      }
      if (component instanceof Container) {
        found.addAll(all((Container) component, type));
      }
    }
    return found;
  }

  private static JDialog awaitDialog(String title) {
    return awaitDialog(JDialog.class, title);
  }

  private static <T extends Dialog> T awaitDialog(Class<T> type, String title) {
    T dialog = await(() -> open(type, title));
    IJ.wait(200); // shown is not yet ready to be closed: the modal loop begins a little later
    return dialog;
  }

  private static <T extends Dialog> T open(Class<T> type, String title) {
    for (Window window : Window.getWindows()) {
      if (type.isInstance(window)
          && window.isShowing()
          && title.equals(((Dialog) window).getTitle())) {
        return type.cast(window);
      }
    }
    return null;
  }

  private static void awaitIdle() {
    await(
        () ->
            frame() != null
                    && button(frame(), "Refresh").isEnabled()
                    && first(JDialog.class) == null
                ? true
                : null);
  }

  private static void picture(Window window, String name) throws Exception {
    Thread.sleep(400); // the window manager draws when it likes
    BufferedImage picture = new Robot().createScreenCapture(window.getBounds());
    File file = Files.createDirectories(Paths.get("target", "screenshots")).toFile();
    assertTrue(ImageIO.write(picture, "png", new File(file, name + ".png")));
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
    throw new AssertionError("waited in vain; " + (frame() == null ? "" : texts(frame())));
  }
}
