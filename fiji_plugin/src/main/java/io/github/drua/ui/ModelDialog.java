package io.github.drua.ui;

import ij.IJ;
import ij.ImagePlus;
import ij.gui.GenericDialog;
import io.github.drua.command.Card;
import io.github.drua.command.Input;
import io.github.drua.command.MacroOptions;
import io.github.drua.command.OpenImages;
import io.github.drua.command.Parameters;
import io.github.drua.command.Setting;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.image.Channels;
import java.awt.Checkbox;
import java.awt.Choice;
import java.awt.Color;
import java.awt.Font;
import java.awt.TextField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Asks a person how to run a model on an image. What is entered becomes options as a macro would
 * write them, and is checked by the same rules.
 *
 * @param <P> what decides the result
 */
public abstract class ModelDialog<P extends Parameters> {
  private static final int TEXT_WIDTH = 64;
  private static final int NUMBER_WIDTH = 8;
  private static final int FOLDER_WIDTH = 24;
  private static final int MOST_CHOICES = 6;
  private static final int OUTPUT_ROWS = 3;
  private static final Color WARNING = new Color(160, 30, 20);
  private static final String NO_IMAGE = "none";

  private final String title;
  private final String start;
  private final ImagePlus image;
  private final List<Card> cards;
  private final List<String> devices;
  private final Map<String, String> entered = new LinkedHashMap<>();
  private final Map<String, Supplier<String>> fields = new LinkedHashMap<>();

  /**
   * Prepares to ask about an image.
   *
   * @param start the word on the button
   * @param preferred the model that is chosen at first, if it is there
   */
  ModelDialog(
      String title,
      String start,
      String preferred,
      ImagePlus image,
      List<Card> cards,
      List<String> devices) {
    this.title = title;
    this.start = start;
    this.image = image;
    this.cards = cards;
    this.devices = devices;
    boolean hasPreferred = cards.stream().anyMatch(card -> card.id().equals(preferred));
    entered.put("model", hasPreferred ? preferred : cards.get(0).id());
  }

  /** Returns the parameters that were entered, checked. */
  abstract P read(MacroOptions options, Card card);

  /** Returns whether a model of one channel can be run on all channels of the image. */
  boolean takesEachChannel() {
    return false;
  }

  /** Adds what this command asks beyond every run of a model. */
  abstract void addMore(GenericDialog dialog);

  /**
   * Asks until the answers are valid and returns them.
   *
   * @throws CancelledException if the person closes the dialog
   * @throws EngineException if the image was closed meanwhile
   */
  public final P ask() {
    while (true) {
      OpenImages.checkKept(image); // whoever is asked again may have closed it meanwhile
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
      OpenImages.checkKept(image);
      try {
        return read(MacroOptions.of(entered), card);
      } catch (EngineException e) {
        IJ.showMessage(title, Wrapped.message(e));
      }
    }
  }

  private Card card() {
    return cards.stream().filter(card -> card.id().equals(entered.get("model"))).findFirst().get();
  }

  /** Keeps what was entered; what is about a model that was left is nothing to the next one. */
  private void readFields(boolean otherModel) {
    if (otherModel) {
      Card left = card();
      left.settings().forEach(setting -> fields.remove(setting.name()));
      left.furtherInputs().forEach(input -> fields.remove(input.key()));
      fields.remove("channel");
      entered.keySet().removeIf(key -> !fields.containsKey(key));
    }
    fields.forEach((key, field) -> entered.put(key, field.get()));
  }

  final GenericDialog build(Card card) {
    fields.clear();
    GenericDialog dialog = new GenericDialog(title);
    addModel(dialog, card);
    addChannels(dialog, card.channels());
    card.furtherInputs().forEach(input -> addImage(dialog, input));
    card.settings().stream()
        .filter(setting -> matters(card, setting))
        .forEach(setting -> addSetting(dialog, setting));
    addPlanes(dialog);
    addDevice(dialog);
    addMore(dialog);
    addFolder(dialog);
    dialog.setOKLabel(start);
    return dialog;
  }

  private void addModel(GenericDialog dialog, Card card) {
    String[] names =
        cards.stream()
            .map(each -> each.problem() == null ? each.name() : each.name() + " (cannot run here)")
            .toArray(String[]::new);
    List<String> ids = new ArrayList<>();
    cards.forEach(each -> ids.add(each.id()));
    addChoice(dialog, "model", "Model", names, ids, ids.get(0));
    // Closing without an answer makes ask() build the dialog of the model that was chosen.
    dialog.addDialogListener(
        (source, event) -> {
          if (!card.id().equals(fields.get("model").get())) {
            dialog.dispose();
          }
          return true;
        });
    if (card.problem() != null) {
      addText(dialog, Wrapped.message(card.problem()), WARNING);
    } else if (!card.description().isEmpty()) {
      addText(dialog, Wrapped.text(card.description(), TEXT_WIDTH), Color.DARK_GRAY);
    }
  }

  private static void addText(GenericDialog dialog, String text, Color colour) {
    dialog.setInsets(0, 20, 8);
    dialog.addMessage(text, new Font(Font.SANS_SERIF, Font.PLAIN, 12), colour);
  }

  /** Returns whether a setting of a model makes a difference for the image. */
  boolean matters(Card card, Setting setting) {
    return planes() > 1 || !"statistics".equals(setting.name());
  }

  private void addSetting(GenericDialog dialog, Setting setting) {
    String value = entered.getOrDefault(setting.name(), setting.standard());
    switch (setting.type()) {
      case CHOICE:
        String[] words = setting.choices().toArray(new String[0]);
        addChoice(
            dialog, setting.name(), setting.label(), words, setting.choices(), setting.standard());
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
    if (planes() > 1) {
      String[] labels = {"all " + planes(), "the current one"};
      addChoice(dialog, "planes", "Planes", labels, Arrays.asList("all", "current"), "all");
    }
  }

  private int planes() {
    return image.getNSlices() * image.getNFrames();
  }

  /** Asks for a channel of the image for each channel that the model takes. */
  private void addChannels(GenericDialog dialog, List<String> taken) {
    int count = Channels.count(image);
    int needed = Math.max(1, taken.size());
    boolean clear = needed == 1 ? count == 1 : Channels.areColours(image) && needed == count;
    if (clear) {
      return;
    }
    if (count < needed) {
      addText(dialog, Wrapped.text(tooFew(count, needed), TEXT_WIDTH), WARNING);
    }
    if (needed > MOST_CHOICES) {
      dialog.addStringField("Channels", entered.getOrDefault("channel", "0"), FOLDER_WIDTH);
      fields.put("channel", last(dialog.getStringFields(), TextField.class)::getText);
      return;
    }
    if (needed == 1 && takesEachChannel()) {
      List<String> names = new ArrayList<>(Arrays.asList(channelLabels(count)));
      names.add(0, "all " + count + ", each by itself");
      List<String> values = new ArrayList<>();
      for (int c = 0; c <= count; c++) {
        values.add(Integer.toString(c));
      }
      addChoice(dialog, "channel", "Channel", names.toArray(new String[0]), values, "0");
      return;
    }
    List<Choice> choices = new ArrayList<>();
    String[] labels = channelLabels(count);
    for (int i = 0; i < needed; i++) {
      dialog.addChoice(needed == 1 ? "Channel" : "Channel for " + taken.get(i), labels, labels[0]);
      Choice choice = last(dialog.getChoices(), Choice.class);
      choice.select(chosenChannel(i, needed, count) - 1);
      choices.add(choice);
    }
    fields.put(
        "channel",
        () ->
            choices.stream()
                .map(choice -> Integer.toString(choice.getSelectedIndex() + 1))
                .collect(Collectors.joining(",")));
  }

  /** Returns what to know before the same channel is chosen twice, which is seldom meant. */
  private String tooFew(int count, int needed) {
    String advice =
        planes() == 1 || Channels.areColours(image)
            ? ""
            : " " + otherPlanes() + " that are channels become channels by Image > Properties...";
    return "This model takes "
        + needed
        + " channels, but the image has "
        + count
        + (count == 1 ? ": it would serve several times." : ": some would serve several times.")
        + advice;
  }

  private String otherPlanes() {
    if (image.getNSlices() == 1) {
      return "Frames";
    }
    return image.getNFrames() == 1 ? "Slices" : "Slices or frames";
  }

  /** Returns what was entered before, or else the channel on display, or the same place. */
  private int chosenChannel(int place, int needed, int count) {
    String before = entered.get("channel");
    if (before != null) {
      return Integer.parseInt(before.split(",")[place]);
    }
    return needed == 1 ? image.getChannel() : Math.min(place + 1, count);
  }

  private String[] channelLabels(int count) {
    List<String> names = Channels.names(image);
    String[] labels = new String[count];
    for (int c = 1; c <= count; c++) {
      labels[c - 1] = names.isEmpty() ? Integer.toString(c) : c + ": " + names.get(c - 1);
    }
    return labels;
  }

  /** Asks for the image for a further input of the model. */
  private void addImage(GenericDialog dialog, Input input) {
    List<String> values = new ArrayList<>(OpenImages.names());
    // Another image than the active one, if there is one.
    Collections.rotate(values, -1 - values.indexOf(OpenImages.name(image)));
    if (input.optional() || values.isEmpty()) {
      values.add(0, "");
    }
    String[] labels =
        values.stream().map(name -> name.isEmpty() ? NO_IMAGE : name).toArray(String[]::new);
    addChoice(dialog, input.key(), "Image for " + input.name(), labels, values, values.get(0));
  }

  private void addDevice(GenericDialog dialog) {
    List<String> values = new ArrayList<>(devices);
    values.add(0, "auto");
    String[] labels = values.toArray(new String[0]);
    labels[0] = "the fastest";
    addChoice(dialog, "device", "Run on", labels, values, "auto");
  }

  private void addFolder(GenericDialog dialog) {
    dialog.setInsets(10, 0, 3);
    dialog.addDirectoryField("Save to (optional)", entered.getOrDefault("save", ""), FOLDER_WIDTH);
    TextField field = last(dialog.getStringFields(), TextField.class);
    fields.put("save", field::getText);
  }

  /** Returns what was entered for a key before, or else its default. */
  final String entered(String key, String standard) {
    return entered.getOrDefault(key, standard);
  }

  /** Tells where the value of a key comes from. */
  final void addField(String key, Supplier<String> value) {
    fields.put(key, value);
  }

  /**
   * Adds a box for each output that a run can return, in columns of three.
   *
   * @param labels one for each value
   */
  final void addOutputs(
      GenericDialog dialog, List<String> labels, List<String> values, String standard) {
    List<String> chosen = Arrays.asList(entered("output", standard).split(","));
    boolean[] states = new boolean[values.size()];
    for (int i = 0; i < states.length; i++) {
      states[i] = chosen.contains(values.get(i));
    }
    int before = dialog.getCheckboxes() == null ? 0 : dialog.getCheckboxes().size();
    dialog.setInsets(12, 20, 0);
    int rows = Math.min(states.length, OUTPUT_ROWS);
    int columns = (states.length + rows - 1) / rows;
    dialog.addCheckboxGroup(rows, columns, labels.toArray(new String[0]), states);
    List<Checkbox> boxes = new ArrayList<>();
    for (Object box : dialog.getCheckboxes().subList(before, dialog.getCheckboxes().size())) {
      boxes.add((Checkbox) box);
    }
    addField("output", () -> outputs(boxes, labels, values));
  }

  private static String outputs(List<Checkbox> boxes, List<String> labels, List<String> values) {
    return boxes.stream()
        .filter(Checkbox::getState)
        .map(box -> values.get(labels.indexOf(box.getLabel())))
        .collect(Collectors.joining(","));
  }

  /**
   * Adds a choice, which begins with what was entered before, or else with its default.
   *
   * @param labels one for each value
   */
  final void addChoice(
      GenericDialog dialog,
      String key,
      String label,
      String[] labels,
      List<String> values,
      String standard) {
    int chosen = Math.max(0, values.indexOf(entered(key, standard)));
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
