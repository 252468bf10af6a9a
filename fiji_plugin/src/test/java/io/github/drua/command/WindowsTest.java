package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.JsonObject;
import ij.IJ;
import ij.ImageJ;
import ij.ImagePlus;
import ij.Menus;
import ij.WindowManager;
import ij.gui.GenericDialog;
import ij.gui.MessageDialog;
import ij.gui.MultiLineLabel;
import ij.gui.Overlay;
import ij.gui.ProgressBar;
import ij.gui.Roi;
import ij.plugin.frame.Recorder;
import ij.plugin.frame.RoiManager;
import io.github.drua.engine.ErrorCode;
import java.awt.Button;
import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.Color;
import java.awt.Dialog;
import java.awt.EventQueue;
import java.awt.Menu;
import java.awt.MenuBar;
import java.awt.Robot;
import java.awt.TextField;
import java.awt.Window;
import java.awt.event.ActionEvent;
import java.awt.event.ItemEvent;
import java.awt.event.KeyEvent;
import java.awt.event.MouseEvent;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.InputStream;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Menus, dialogs, ROI Manager and recorder of an ImageJ on a display. */
@Tag("display")
class WindowsTest {
  private static final long PATIENCE = 20_000;

  @TempDir private static Path folder;

  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  @BeforeAll
  static void openImageJ() throws Exception {
    Path plugins = Files.createDirectories(folder.resolve("plugins"));
    try (JarOutputStream jar =
            new JarOutputStream(Files.newOutputStream(plugins.resolve("Drua_.jar")));
        InputStream config = WindowsTest.class.getResourceAsStream("/plugins.config")) {
      jar.putNextEntry(new JarEntry("plugins.config"));
      byte[] bytes = new byte[config.available()];
      jar.write(bytes, 0, config.read(bytes));
    }
    System.setProperty("plugins.dir", folder.toString());
    new ImageJ(ImageJ.EMBEDDED).setVisible(true);
  }

  @BeforeEach
  void openImage() {
    Status.forget();
    IJ.createHyperStack("field 1.tif", 47, 31, 2, 3, 5, 16).show();
  }

  @AfterEach
  void closeWindows() {
    Recorder.record = false;
    for (int id : WindowManager.getIDList() == null ? new int[0] : WindowManager.getIDList()) {
      ImagePlus image = WindowManager.getImage(id);
      image.changes = false;
      image.close();
    }
    await(
        () -> {
          dialogs().forEach(dialog -> EventQueue.invokeLater(dialog::dispose));
          IJ.wait(50);
          return dialogs().isEmpty() ? true : null;
        });
    if (RoiManager.getInstance() != null) {
      RoiManager.getInstance().reset();
    }
  }

  @Test
  void menuHoldsTheCommands() {
    assertEquals(SegmentPlugin.class.getName(), Menus.getCommands().get("Drua Segment..."));
    assertEquals(
        CheckEnginePlugin.class.getName(), Menus.getCommands().get("Drua Check Engine..."));
    Menu drua = menu(menu(Menus.getMenuBar(), "Plugins"), "Drua");
    assertEquals("Drua Segment...", drua.getItem(0).getLabel());
    assertEquals("Drua Denoise...", drua.getItem(1).getLabel());
    assertEquals("Drua Virtual Stain...", drua.getItem(2).getLabel());
    assertEquals("Drua Run Model...", drua.getItem(3).getLabel());
    assertEquals("Drua Train Denoiser...", drua.getItem(4).getLabel());
    assertEquals("Drua Models...", drua.getItem(5).getLabel());
    assertEquals("Drua Check Engine...", drua.getItem(6).getLabel());
    assertEquals("Drua Python Environment...", drua.getItem(7).getLabel());
  }

  @Test
  void denoiseDialogAsksForOutputsTypeAndChannelAndIsRecorded() throws Exception {
    fake.engine().models().install(FakeEngine.DENOISER);
    Recorder recorder = new Recorder(false);
    Recorder.record = true;
    IJ.doCommand("Drua Denoise...");
    GenericDialog dialog = awaitDialog(null);
    picture(dialog, "denoise");
    Choice channel = (Choice) dialog.getChoices().get(1);
    assertEquals("all 2, each by itself", channel.getSelectedItem());
    channel.select(2);
    Choice type = (Choice) dialog.getChoices().get(4);
    assertEquals("32-bit", type.getSelectedItem());
    type.select(1);
    ((Checkbox) dialog.getCheckboxes().get(1)).setState(true);
    press(dialog);
    await(() -> WindowManager.getImage("field 1-denoised"));
    await(Status::last);
    assertEquals(2, fake.engine().inputs().getInt("channel", -1));
    assertTrue(
        recorder
            .getText()
            .contains(
                "run(\"Drua Denoise...\", \"model=denoise-fluorescence output=denoised,difference"
                    + " type=input save=[] planes=all channel=2 device=auto diameter=30\");"),
        recorder.getText());
    assertTrue(IJ.getLog().contains("field 1.tif: This image is a prediction."), IJ.getLog());
    assertTrue(IJ.getLog().contains("field 1.tif: The noise fell."), IJ.getLog());
  }

  @Test
  void stainDialogAsksForOutputs() throws Exception {
    closeWindows();
    IJ.createImage("rgb", "RGB black", 23, 19, 1).show();
    fake.engine().models().install(FakeEngine.COLOURS);
    IJ.doCommand("Drua Virtual Stain...");
    GenericDialog dialog = awaitDialog(null);
    picture(dialog, "stain");
    press(dialog);
    await(() -> WindowManager.getImage("rgb-stained"));
    await(Status::last);
    assertEquals("[\"stained\"]", fake.engine().inputs().get("outputs").toString());
  }

  @Test
  void dialogThatIsLeftAsItIsRunsLikeAMacroWithoutOptions() throws Exception {
    fake.engine().models().install(FakeEngine.OF_STACKS);
    IJ.doCommand("Drua Denoise...");
    GenericDialog dialog = awaitDialog(null);
    picture(dialog, "denoise-of-stacks");
    press(dialog);
    await(Status::last);
    String asked = options();
    assertTrue(asked.contains("\"statistics\":\"stack\""), asked);
    IJ.selectWindow("field 1.tif");
    IJ.run("Drua Denoise...", " ");
    assertEquals(options(), asked);
  }

  /** Returns the inputs of the last run, but for where its pixels were. */
  private String options() {
    return new JsonObject(fake.engine().inputs()).remove("image").toString();
  }

  @Test
  void tooFewChannelsAreToldAboveTheirChoices() throws Exception {
    closeWindows();
    fake.engine().models().install(FakeEngine.COLOURS);
    IJ.createHyperStack("depths", 23, 19, 1, 3, 1, 8).show();
    IJ.doCommand("Drua Virtual Stain...");
    GenericDialog dialog = chooseModel("Three colours");
    picture(dialog, "stain-few-channels");
    assertEquals(
        "This model takes 3 channels, but the image has 1: it would serve several times. Slices"
            + " that are channels become channels by Image > Properties...",
        message(dialog));
    assertEquals(new Color(160, 30, 20), dialog.getMessage().getForeground());
    EventQueue.invokeLater(dialog::dispose);
    await(Status::last);
    closeWindows();
    Status.forget();
    IJ.createHyperStack("two", 23, 19, 2, 1, 1, 8).show();
    IJ.doCommand("Drua Virtual Stain...");
    assertEquals(
        "This model takes 3 channels, but the image has 2: some would serve several times.",
        message(chooseModel("Three colours")));
  }

  /** Returns the last message of a dialog, which ImageJ keeps in lines that nobody can read. */
  private static String message(GenericDialog dialog) throws Exception {
    Field lines = MultiLineLabel.class.getDeclaredField("lines");
    lines.setAccessible(true);
    return String.join(" ", (String[]) lines.get(dialog.getMessage()));
  }

  @Test
  void imageThatIsClosedWhileTheDialogIsOpenIsNamed() {
    ImagePlus image = WindowManager.getCurrentImage();
    IJ.doCommand("Drua Segment...");
    GenericDialog dialog = awaitDialog(null);
    image.changes = false;
    image.close();
    press(dialog);
    await(Status::last);
    assertEquals(ErrorCode.IMAGE, Status.last().code());
    assertTrue(
        Status.last().text().startsWith("the image 'field 1.tif' was closed; "),
        Status.last().text());
  }

  @Test
  void dialogAsksForTheSettingsOfTheCardAndIsRecorded() {
    Recorder recorder = new Recorder(false);
    Recorder.record = true;
    IJ.doCommand("Drua Segment...");
    GenericDialog dialog = awaitDialog(null);
    assertEquals("0.5", ((TextField) dialog.getNumericFields().get(0)).getText());
    ((TextField) dialog.getNumericFields().get(1)).setText("7");
    ((Checkbox) dialog.getCheckboxes().get(0)).setState(false);
    press(dialog);
    await(() -> WindowManager.getImage("field 1-labels"));
    await(Status::last);
    assertEquals(
        "{\"mask_threshold\":0.5,\"min_size\":7,\"split\":false,\"edges\":\"keep\"}",
        fake.engine().inputs().get("settings").toString());
    assertEquals(1, fake.engine().inputs().getInt("channel", -1));
    List<String> lines = new ArrayList<>(Arrays.asList(recorder.getText().split("\n")));
    lines.removeIf(line -> !line.contains("Drua Segment"));
    assertEquals(
        "[run(\"Drua Segment...\", \"model=nuclei-fluorescence output=labels,rois save=[]"
            + " planes=all channel=1 device=auto mask_threshold=0.5 min_size=7 split=false"
            + " edges=keep\");]",
        lines.toString());
  }

  @Test
  void otherModelBringsItsOwnSettings() throws Exception {
    IJ.doCommand("Drua Segment...");
    GenericDialog dialog = awaitDialog(null);
    Choice models = (Choice) dialog.getChoices().get(0);
    models.select("Cells");
    ItemEvent chosen = new ItemEvent(models, ItemEvent.ITEM_STATE_CHANGED, "Cells", 1);
    EventQueue.invokeLater(() -> models.getItemListeners()[0].itemStateChanged(chosen));
    GenericDialog other = awaitDialog(dialog);
    assertEquals(1, other.getNumericFields().size());
    assertEquals("30", ((TextField) other.getNumericFields().get(0)).getText());
    press(other);
    await(Status::last);
    assertEquals("cells", fake.engine().inputs().getString("model", ""));
  }

  @Test
  void eachChannelOfTheModelAndEachImageIsAChoice() throws Exception {
    Recorder recorder = new Recorder(false);
    Recorder.record = true;
    fake.engine().models().install(FakeEngine.BOTH);
    for (int i = 1; i <= 30; i++) {
      WindowManager.getImage("field 1.tif")
          .getStack()
          .setSliceLabel(i % 2 == 1 ? "DAPI" : "GFP", i);
    }
    IJ.createHyperStack("dark", 47, 31, 1, 3, 5, 16).show();
    IJ.selectWindow("field 1.tif");
    IJ.doCommand("Drua Run Model...");
    GenericDialog both = chooseModel("Cells and nuclei");
    picture(both, "run-both");
    Choice cell = (Choice) both.getChoices().get(1);
    Choice nucleus = (Choice) both.getChoices().get(2);
    assertEquals("1: DAPI", cell.getSelectedItem());
    assertEquals("2: GFP", nucleus.getSelectedItem());
    cell.select(1);
    nucleus.select(0);
    Choice dark = (Choice) both.getChoices().get(3);
    assertEquals("dark", dark.getSelectedItem());
    assertEquals("none", ((Choice) both.getChoices().get(4)).getSelectedItem());
    press(both);
    await(() -> WindowManager.getImage("field 1-probability"));
    await(Status::last);
    assertNotNull(WindowManager.getImage("field 1-flow"));
    // The window manager gives the focus to new windows one after the other.
    await(
        () ->
            WindowManager.getCurrentImage().getTitle().equals("field 1-probability") ? true : null);
    assertEquals("2,1", fake.engine().inputs().getString("channel", ""));
    assertEquals(
        "[Dark field]", fake.engine().inputs().get("inputs").asObject().names().toString());
    assertTrue(
        recorder
            .getText()
            .contains(
                "run(\"Drua Run Model...\", \"model=both save=[] planes=all channel=2,1"
                    + " device=auto input_dark_field=dark diameter=30\");"),
        recorder.getText());
  }

  @Test
  void modelThatCannotRunIsShownWithTheReason() throws Exception {
    IJ.doCommand("Drua Run Model...");
    GenericDialog star = chooseModel("Nuclei of tissue sections, star-convex (cannot run here)");
    picture(star, "run-problem");
    press(star);
    await(() -> dialogs().stream().anyMatch(each -> each instanceof MessageDialog) ? true : null);
    assertNull(Status.last());
    assertNull(fake.engine().inputs());
  }

  @Test
  void coloursNeedNoChoiceForThreeChannelsAndOneForOne() throws Exception {
    closeWindows();
    fake.engine().models().install(FakeEngine.COLOURS);
    IJ.createImage("rgb", "RGB black", 23, 19, 1).show();
    IJ.doCommand("Drua Segment...");
    GenericDialog dialog = awaitDialog(null);
    picture(dialog, "segment-rgb");
    Choice channel = (Choice) dialog.getChoices().get(1);
    assertEquals("1: Red", channel.getItem(0));
    assertEquals(3, channel.getItemCount());
    EventQueue.invokeLater(dialog::dispose);
    await(Status::last);
    Status.forget();
    IJ.doCommand("Drua Run Model...");
    GenericDialog stain = chooseModel("Three colours");
    press(stain);
    await(Status::last);
    assertEquals(0, fake.engine().inputs().getInt("channel", -1));
  }

  /** Chooses a model in the dialog on display and returns the dialog that follows. */
  private static GenericDialog chooseModel(String name) {
    GenericDialog dialog = awaitDialog(null);
    Choice models = (Choice) dialog.getChoices().get(0);
    models.select(name);
    assertEquals(name, models.getSelectedItem());
    ItemEvent chosen = new ItemEvent(models, ItemEvent.ITEM_STATE_CHANGED, name, 1);
    EventQueue.invokeLater(() -> models.getItemListeners()[0].itemStateChanged(chosen));
    return awaitDialog(dialog);
  }

  private static void picture(Window window, String name) throws Exception {
    Thread.sleep(400); // the window manager draws when it likes
    BufferedImage picture = new Robot().createScreenCapture(window.getBounds());
    File file = Files.createDirectories(Paths.get("target", "screenshots")).toFile();
    assertTrue(ImageIO.write(picture, "png", new File(file, name + ".png")));
  }

  @Test
  void closedDialogIsACancelledRunThatLeavesNothing() {
    IJ.doCommand("Drua Segment...");
    GenericDialog dialog = awaitDialog(null);
    EventQueue.invokeLater(dialog::dispose);
    await(Status::last);
    assertEquals(Status.Kind.CANCELLED, Status.last().kind());
    assertEquals(1, WindowManager.getImageCount());
  }

  @Test
  void memoryIsReadyBeforeAnOpenedImageIsSegmented() {
    IJ.run("Drua Segment...", "channel=1 output=labels");
    long large = 5 << 20;
    assertEquals(0, fake.engine().attached(large));
    IJ.createImage("large", "16-bit black", 1733, 1657, 1).show();
    await(() -> fake.engine().attached(large) == 2 ? true : null);
    // the image's and the labels'
    IJ.run("Drua Segment...", "output=labels");
    assertEquals(2, fake.engine().attached(large));
  }

  @Test
  void roisAreAppendedAndLabelsAreActive() {
    RoiManager manager = new RoiManager();
    manager.addRoi(new Roi(1, 1, 3, 3));
    manager.runCommand("Show All");
    macro("run('Drua Segment...', 'channel=2 output=labels,rois,overlay,table');");
    assertEquals(3, RoiManager.getInstance().getCount());
    assertEquals("label-2", RoiManager.getInstance().getRoi(2).getName());
    assertEquals(5, RoiManager.getInstance().getRoi(2).getTPosition());
    assertEquals("field 1-labels", WindowManager.getCurrentImage().getTitle());
    Overlay overlay = WindowManager.getImage("field 1.tif").getOverlay();
    assertEquals(2, overlay.size());
    assertNotNull(WindowManager.getFrame("field 1-table"));
    WindowManager.getFrame("field 1-table").dispose();
  }

  @Test
  void errorIsOneDialogWithoutTrace() {
    closeWindows();
    IJ.doCommand("Drua Segment...");
    await(() -> dialogs().isEmpty() ? null : dialogs());
    IJ.wait(300);
    assertEquals(1, dialogs().size());
    assertEquals("Drua Segment...", dialogs().get(0).getTitle());
  }

  @Test
  void errorStopsTheMacroWithOneDialog() {
    Thread macro = new Thread(() -> macro("run('Drua Segment...', 'model=broken'); rename('on');"));
    macro.start();
    await(() -> dialogs().isEmpty() ? null : dialogs());
    IJ.wait(300);
    assertEquals(1, dialogs().size());
    assertEquals("Macro Error", dialogs().get(0).getTitle());
    closeErrorOf(macro);
    assertEquals("field 1.tif", WindowManager.getCurrentImage().getTitle());
  }

  @Test
  void escapeCancelsAndLeavesNothing() {
    Thread macro = new Thread(() -> macro("run('Drua Segment...', 'model=slow'); rename('on');"));
    macro.start();
    await(() -> fake.engine().inputs());
    IJ.setKeyDown(KeyEvent.VK_ESCAPE);
    await(() -> macro.isAlive() ? null : true);
    assertEquals(Status.Kind.CANCELLED, Status.last().kind());
    assertEquals(1, WindowManager.getImageCount());
    assertEquals("field 1.tif", WindowManager.getCurrentImage().getTitle());
    assertTrue(dialogs().isEmpty());
  }

  @Test
  void clickOnTheProgressBarCancelsAndIsForgotten() {
    ProgressBar bar = IJ.getInstance().getProgressBar();
    final int listeners = bar.getMouseListeners().length;
    Thread macro = new Thread(() -> macro("run('Drua Segment...', 'model=slow'); rename('on');"));
    macro.start();
    await(() -> fake.engine().inputs());
    MouseEvent press = new MouseEvent(bar, MouseEvent.MOUSE_PRESSED, 0, 0, 3, 3, 1, false);
    EventQueue.invokeLater(() -> bar.dispatchEvent(press));
    await(() -> macro.isAlive() ? null : true);
    assertEquals(Status.Kind.CANCELLED, Status.last().kind());
    assertEquals("field 1.tif", WindowManager.getCurrentImage().getTitle());
    assertEquals(listeners, bar.getMouseListeners().length);
  }

  @Test
  void closingTheImageCancels() {
    ImagePlus image = WindowManager.getCurrentImage();
    Thread macro = new Thread(() -> macro("run('Drua Segment...', 'model=slow'); rename('on');"));
    macro.start();
    await(() -> fake.engine().inputs());
    EventQueue.invokeLater(image::close);
    await(() -> macro.isAlive() ? null : true);
    assertEquals(Status.Kind.CANCELLED, Status.last().kind());
    assertEquals(0, WindowManager.getImageCount());
    assertTrue(dialogs().isEmpty());
  }

  @Test
  void commandFromTheEventThreadDoesNotHoldIt() throws Exception {
    long[] millis = new long[1];
    EventQueue.invokeAndWait(
        () -> {
          long start = System.nanoTime();
          new SegmentPlugin().run("");
          millis[0] = (System.nanoTime() - start) / 1_000_000;
        });
    assertTrue(millis[0] < 500, millis[0] + " ms");
    assertNotNull(awaitDialog(null));
  }

  @Test
  void batchModeIsNeverAskedForSettings() {
    String text = "setBatchMode(true); newImage('b', '8-bit', 23, 19, 1); run('Drua Segment...');";
    Thread macro = new Thread(() -> macro(text));
    macro.start();
    await(Status::last);
    assertTrue(Status.last().text().startsWith("there are no options"), Status.last().text());
    closeErrorOf(macro);
  }

  @Test
  void errorWithADisplayButNobodyThereDoesNotHang() throws Exception {
    Path file = folder.resolve("trial.ijm");
    String text =
        "newImage('b', '8-bit', 23, 19, 1);\n"
            + "run('Drua Segment...', ' '); print(roiManager('count'));\n"
            + "run('Drua Segment...', 'model=broken'); print('went on');";
    Files.write(file, text.getBytes("UTF-8"));
    Jvm run = Jvm.windowed(MacroTrial.class, folder, file.toString());
    assertEquals(1, run.exit, run.toString());
    assertEquals("2\n", run.out, run.toString());
    assertFalse(run.err.contains("\tat "), run.toString());
  }

  private static void closeErrorOf(Thread macro) {
    await(() -> dialogs().isEmpty() ? null : true);
    EventQueue.invokeLater(dialogs().get(0)::dispose);
    await(() -> macro.isAlive() ? null : true);
  }

  private static void macro(String text) {
    IJ.runMacro(text);
  }

  private static void press(GenericDialog dialog) {
    Button button = dialog.getButtons()[0];
    ActionEvent click = new ActionEvent(button, ActionEvent.ACTION_PERFORMED, button.getLabel());
    EventQueue.invokeLater(() -> button.getActionListeners()[0].actionPerformed(click));
  }

  private static List<Dialog> dialogs() {
    List<Dialog> open = new ArrayList<>();
    for (Window window : Window.getWindows()) {
      if (window instanceof Dialog && window.isVisible()) {
        open.add((Dialog) window);
      }
    }
    return open;
  }

  private static Menu menu(MenuBar bar, String label) {
    for (int i = 0; i < bar.getMenuCount(); i++) {
      if (bar.getMenu(i).getLabel().equals(label)) {
        return bar.getMenu(i);
      }
    }
    throw new AssertionError(label);
  }

  private static Menu menu(Menu menu, String label) {
    for (int i = 0; i < menu.getItemCount(); i++) {
      if (menu.getItem(i).getLabel().equals(label)) {
        return (Menu) menu.getItem(i);
      }
    }
    throw new AssertionError(label);
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
    throw new AssertionError("waited in vain; open: " + dialogs());
  }
}
