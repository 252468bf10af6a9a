package io.github.drua.ui;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.GenericDialog;
import io.github.drua.command.Card;
import io.github.drua.command.MacroOptions;
import io.github.drua.command.SegmentParameters;
import io.github.drua.command.Setting;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.Color;
import java.awt.Font;
import java.awt.TextField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Asks a person how to segment an image. What is entered becomes options as a macro would write
 * them, and is checked by the same rules.
 */
public final class SegmentDialog {
  private static final String TITLE = "Drua Segment";
  private static final int TEXT_WIDTH = 64;
  private static final int NUMBER_WIDTH = 8;
  private static final int FOLDER_WIDTH = 24;
  private static final List<String> OUTPUT_LABELS =
      Arrays.asList("Label image", "ROIs in the ROI Manager", "Outlines on the image", "Table");

  private final ImagePlus image;
  private final List<Card> cards;
  private final String[] devices;
  private final Map<String, String> entered = new LinkedHashMap<>();
  private final Map<String, Supplier<String>> fields = new LinkedHashMap<>();

  /** Prepares to ask about an image; the first model with the default's name is chosen at first. */
  public SegmentDialog(ImagePlus image, List<Card> cards, String[] devices) {
    this.image = image;
    this.cards = cards;
    this.devices = devices.clone();
    boolean hasDefault =
        cards.stream().anyMatch(card -> card.id().equals(SegmentParameters.DEFAULT_MODEL));
    entered.put("model", hasDefault ? SegmentParameters.DEFAULT_MODEL : cards.get(0).id());
  }

  /**
   * Asks until the answers are valid and returns them.
   *
   * @throws CancelledException if the person closes the dialog
   */
  public SegmentParameters ask() {
    while (true) {
      Card card = card();
      GenericDialog dialog = build(card);
      dialog.showDialog();
      boolean otherModel = !card.id().equals(fields.get("model").get());
      readFields(otherModel);
      if (otherModel) {
        continue;
      }
      // Not wasCanceled(), which also marks a macro as aborted.
      if (!dialog.wasOKed()) {
        throw new CancelledException();
      }
      try {
        return SegmentParameters.from(options(), card);
      } catch (EngineException e) {
        IJ.showMessage(TITLE, Wrapped.message(e));
      }
    }
  }

  private Card card() {
    return cards.stream().filter(card -> card.id().equals(entered.get("model"))).findFirst().get();
  }

  private MacroOptions options() {
    return MacroOptions.of(entered);
  }

  /** Keeps what was entered; settings of a model that was left are nothing to the next one. */
  private void readFields(boolean otherModel) {
    if (otherModel) {
      card().settings().forEach(setting -> fields.remove(setting.name()));
      entered.keySet().removeIf(key -> !fields.containsKey(key));
    }
    fields.forEach((key, field) -> entered.put(key, field.get()));
  }

  GenericDialog build(Card card) {
    fields.clear();
    GenericDialog dialog = new GenericDialog(TITLE);
    addModel(dialog, card);
    card.settings().forEach(setting -> addSetting(dialog, setting));
    addPlanes(dialog);
    addChannel(dialog);
    addDevice(dialog);
    addOutputs(dialog);
    addFolder(dialog);
    dialog.setOKLabel("Segment");
    return dialog;
  }

  private void addModel(GenericDialog dialog, Card card) {
    String[] names = cards.stream().map(Card::name).toArray(String[]::new);
    List<String> ids = new ArrayList<>();
    cards.forEach(each -> ids.add(each.id()));
    addChoice(dialog, "model", "Model", names, ids);
    // Closing without an answer makes ask() build the dialog of the model that was chosen.
    dialog.addDialogListener(
        (source, event) -> {
          if (!card.id().equals(fields.get("model").get())) {
            dialog.dispose();
          }
          return true;
        });
    if (!card.description().isEmpty()) {
      dialog.setInsets(0, 20, 8);
      dialog.addMessage(
          Wrapped.text(card.description(), TEXT_WIDTH),
          new Font(Font.SANS_SERIF, Font.PLAIN, 12),
          Color.DARK_GRAY);
    }
  }

  private void addSetting(GenericDialog dialog, Setting setting) {
    String value = entered.getOrDefault(setting.name(), setting.standard());
    switch (setting.type()) {
      case CHOICE:
        String[] words = setting.choices().toArray(new String[0]);
        addChoice(dialog, setting.name(), setting.label(), words, setting.choices());
        break;
      case FLAG:
        dialog.setInsets(3, 20, 0);
        dialog.addCheckbox(setting.label(), Boolean.parseBoolean(value));
        Checkbox box = last(dialog.getCheckboxes(), Checkbox.class);
        fields.put(setting.name(), () -> Boolean.toString(box.getState()));
        break;
      default:
        dialog.addNumericField(setting.label(), 0, 0, NUMBER_WIDTH, setting.range());
        TextField field = last(dialog.getNumericFields(), TextField.class);
        field.setText(value);
        fields.put(setting.name(), field::getText);
    }
  }

  private void addPlanes(GenericDialog dialog) {
    int planes = image.getNSlices() * image.getNFrames();
    if (planes > 1) {
      String[] labels = {"all " + planes, "the current one"};
      addChoice(dialog, "planes", "Planes", labels, Arrays.asList("all", "current"));
    }
  }

  private void addChannel(GenericDialog dialog) {
    int channels = image.getNChannels();
    if (channels < 2) {
      return;
    }
    entered.putIfAbsent("channel", Integer.toString(image.getChannel()));
    String[] labels = new String[channels];
    List<String> numbers = new ArrayList<>();
    for (int c = 1; c <= channels; c++) {
      String label = image.getStack().getShortSliceLabel(image.getStackIndex(c, 1, 1));
      numbers.add(Integer.toString(c));
      labels[c - 1] = label == null ? numbers.get(c - 1) : c + ": " + label;
    }
    addChoice(dialog, "channel", "Channel", labels, numbers);
  }

  private void addDevice(GenericDialog dialog) {
    List<String> values = new ArrayList<>(Arrays.asList(devices));
    values.add(0, "auto");
    String[] labels = values.toArray(new String[0]);
    labels[0] = "the fastest";
    addChoice(dialog, "device", "Run on", labels, values);
  }

  private void addOutputs(GenericDialog dialog) {
    List<String> chosen =
        Arrays.asList(entered.getOrDefault("output", SegmentParameters.DEFAULT_OUTPUT).split(","));
    boolean[] states = new boolean[OUTPUT_LABELS.size()];
    for (int i = 0; i < states.length; i++) {
      states[i] = chosen.contains(SegmentParameters.OUTPUTS.get(i));
    }
    int before = dialog.getCheckboxes() == null ? 0 : dialog.getCheckboxes().size();
    dialog.setInsets(12, 20, 0);
    dialog.addCheckboxGroup(2, 2, OUTPUT_LABELS.toArray(new String[0]), states);
    List<Checkbox> boxes = new ArrayList<>();
    for (Object box : dialog.getCheckboxes()) {
      boxes.add((Checkbox) box);
    }
    fields.put("output", () -> outputs(boxes.subList(before, boxes.size())));
  }

  private static String outputs(List<Checkbox> boxes) {
    List<String> chosen = new ArrayList<>();
    for (Checkbox box : boxes) {
      if (box.getState()) {
        chosen.add(SegmentParameters.OUTPUTS.get(OUTPUT_LABELS.indexOf(box.getLabel())));
      }
    }
    return String.join(",", chosen);
  }

  private void addFolder(GenericDialog dialog) {
    dialog.setInsets(10, 0, 3);
    dialog.addDirectoryField("Save to (optional)", entered.getOrDefault("save", ""), FOLDER_WIDTH);
    TextField field = last(dialog.getStringFields(), TextField.class);
    fields.put("save", field::getText);
  }

  private void addChoice(
      GenericDialog dialog, String key, String label, String[] labels, List<String> values) {
    int chosen = Math.max(0, values.indexOf(entered.getOrDefault(key, values.get(0))));
    dialog.addChoice(label, labels, labels[chosen]);
    Choice choice = last(dialog.getChoices(), Choice.class);
    // By number: two models may have the same name.
    choice.select(chosen);
    fields.put(key, () -> values.get(choice.getSelectedIndex()));
  }

  private static <T> T last(List<?> components, Class<T> type) {
    return type.cast(components.get(components.size() - 1));
  }
}
