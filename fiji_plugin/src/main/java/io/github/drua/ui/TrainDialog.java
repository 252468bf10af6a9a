package io.github.drua.ui;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.GenericDialog;
import io.github.drua.command.MacroOptions;
import io.github.drua.command.OpenImages;
import io.github.drua.command.TrainParameters;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.image.Channels;
import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.Color;
import java.awt.Component;
import java.awt.Font;
import java.awt.TextField;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Asks a person how to train a denoiser. What is entered becomes options as a macro would write
 * them, and is checked by the same rules.
 */
public final class TrainDialog {
  private static final String TITLE = "Drua Train Denoiser";
  private static final int WIDTH = 30;
  private static final int NUMBER_WIDTH = 6;
  private static final int TEXT_WIDTH = 72;
  private static final String ABOUT =
      "Learns to remove the noise of your images. It needs no clean images and no labels: it hides"
          + " pixels and learns to tell them from what is around. Use raw images, as they come from"
          + " the microscope.";

  private final ImagePlus image;
  private final String about;
  private final Set<String> installed;
  private final Map<String, String> entered = new LinkedHashMap<>();

  private boolean files;

  private Choice source;
  private TextField noisy;
  private TextField clean;
  private TextField name;
  private TextField minutes;
  private Choice dimensions;
  private TextField channel;
  private TextField folder;
  private Checkbox resume;
  private Checkbox replace;

  /**
   * Prepares to ask.
   *
   * @param image the active image; null if there is none
   * @param installed the ids of the models that are there
   */
  public TrainDialog(ImagePlus image, Set<String> installed) {
    this.image = image;
    // Now: whoever is asked again may have closed the image meanwhile.
    this.about = image == null ? "" : image.getTitle() + " (" + sides(image) + ")";
    this.installed = installed;
  }

  /**
   * Asks until the answers are valid and returns them.
   *
   * @throws CancelledException if the person closes the dialog
   */
  public TrainParameters ask() {
    while (true) {
      GenericDialog dialog = build();
      dialog.showDialog();
      // Not wasCanceled(), which also marks a macro as aborted.
      if (!dialog.wasOKed()) {
        throw new CancelledException();
      }
      read();
      if (!files) {
        OpenImages.checkKept(image);
      }
      try {
        checkSource();
        TrainParameters parameters = TrainParameters.from(MacroOptions.of(entered));
        parameters.checkPlace();
        return parameters;
      } catch (EngineException e) {
        IJ.showMessage(TITLE, Wrapped.message(e));
      }
    }
  }

  private GenericDialog build() {
    GenericDialog dialog = new GenericDialog(TITLE);
    addText(dialog, Wrapped.text(ABOUT, TEXT_WIDTH));
    addSource(dialog);
    dialog.addDirectoryField("Folder of clean images (optional)", before("clean", ""), WIDTH);
    clean = last(dialog.getStringFields(), TextField.class);
    addHow(dialog);
    dialog.setInsets(10, 0, 3);
    dialog.addStringField("Name of the model", before("name", suggested()), WIDTH);
    name = last(dialog.getStringFields(), TextField.class);
    dialog.addDirectoryField(
        "Keep the training in", before("folder", TrainParameters.defaultFolder()), WIDTH);
    folder = last(dialog.getStringFields(), TextField.class);
    resume = addCheckbox(dialog, "Go on with the training of this name", "resume");
    replace = addCheckbox(dialog, "Replace the installed model of this name", "replace");
    dialog.setOKLabel("Train");
    dialog.addDialogListener(
        (changed, event) -> {
          fit();
          return true;
        });
    fit();
    return dialog;
  }

  private void addSource(GenericDialog dialog) {
    List<String> sources = new ArrayList<>();
    if (image != null) {
      sources.add("the image " + about);
    }
    sources.add("the images of a folder");
    int chosen = files ? sources.size() - 1 : 0;
    dialog.addChoice("Learn from", sources.toArray(new String[0]), sources.get(chosen));
    source = last(dialog.getChoices(), Choice.class);
    dialog.addDirectoryField("Folder of noisy images", before("noisy", ""), WIDTH);
    noisy = last(dialog.getStringFields(), TextField.class);
  }

  private void addHow(GenericDialog dialog) {
    String[] words = {"2D, plane by plane", "3D, where slices lie close"};
    int chosen = TrainParameters.DIMENSIONS.indexOf(before("dimensions", "2d"));
    dialog.addChoice("Learn in", words, words[Math.max(0, chosen)]);
    dimensions = last(dialog.getChoices(), Choice.class);
    dialog.addStringField("Channels (0: all)", before("channel", "0"), NUMBER_WIDTH);
    channel = last(dialog.getStringFields(), TextField.class);
    dialog.addNumericField("Time to spend", 0, 0, NUMBER_WIDTH, "minutes");
    minutes = last(dialog.getNumericFields(), TextField.class);
    minutes.setText(before("minutes", TrainParameters.DEFAULT_MINUTES));
  }

  private Checkbox addCheckbox(GenericDialog dialog, String label, String key) {
    dialog.setInsets(3, 20, 0);
    dialog.addCheckbox(label, Boolean.parseBoolean(before(key, "false")));
    return last(dialog.getCheckboxes(), Checkbox.class);
  }

  private static void addText(GenericDialog dialog, String text) {
    dialog.setInsets(0, 20, 8);
    dialog.addMessage(text, new Font(Font.SANS_SERIF, Font.PLAIN, 12), Color.DARK_GRAY);
  }

  /** Offers what can be chosen with what has been entered so far. */
  private void fit() {
    enable(noisy, fromFiles());
    enable(clean, fromFiles());
    boolean there = TrainParameters.holdsTraining(folder.getText(), name.getText());
    offer(resume, there);
    offer(replace, installed.contains(name.getText().trim()) && !resume.getState());
  }

  private static void offer(Checkbox box, boolean possible) {
    box.setEnabled(possible);
    if (!possible) {
      box.setState(false);
    }
  }

  /** Enables a field together with the button beside it. */
  private static void enable(TextField field, boolean enabled) {
    for (Component each : field.getParent().getComponents()) {
      if (each == field || each instanceof java.awt.Button) {
        each.setEnabled(enabled);
      }
    }
  }

  private boolean fromFiles() {
    return image == null || source.getSelectedIndex() == 1;
  }

  private void checkSource() {
    if (files && noisy.getText().trim().isEmpty()) {
      throw new EngineException(
          ErrorCode.SETTING,
          "no folder of noisy images is named",
          image == null ? "name one, or open an image" : "name one, or learn from the open image");
    }
  }

  private void read() {
    files = fromFiles();
    entered.put("name", name.getText());
    entered.put("noisy", files ? noisy.getText() : "");
    entered.put("clean", files ? clean.getText() : "");
    entered.put("folder", folder.getText());
    entered.put("minutes", minutes.getText());
    entered.put("dimensions", TrainParameters.DIMENSIONS.get(dimensions.getSelectedIndex()));
    entered.put("channel", channel.getText());
    entered.put("resume", Boolean.toString(resume.getState()));
    entered.put("replace", Boolean.toString(replace.getState()));
  }

  private String before(String key, String standard) {
    return entered.getOrDefault(key, standard);
  }

  private String suggested() {
    String first = TrainParameters.suggestedName(image);
    String free = first;
    for (int i = 2;
        installed.contains(free)
            || TrainParameters.holdsTraining(TrainParameters.defaultFolder(), free);
        i++) {
      free = first + "-" + i;
    }
    return free;
  }

  private static String sides(ImagePlus image) {
    int planes = image.getNSlices() * image.getNFrames();
    int channels = Channels.count(image);
    return image.getWidth()
        + " x "
        + image.getHeight()
        + " pixels"
        + (channels > 1 ? ", " + channels + " channels" : "")
        + (planes > 1 ? ", " + planes + " planes" : "");
  }

  private static <T> T last(List<?> components, Class<T> type) {
    return type.cast(components.get(components.size() - 1));
  }
}
