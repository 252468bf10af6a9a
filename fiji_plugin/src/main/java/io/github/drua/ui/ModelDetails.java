package io.github.drua.ui;

import io.github.drua.command.Card;
import io.github.drua.engine.EngineException;
import io.github.drua.environment.Sizes;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.util.List;
import javax.swing.JLabel;
import javax.swing.JTextArea;

/** Everything that is known of a model. */
final class ModelDetails {
  private static final int WIDTH = 470;
  private static final int PICTURE_WIDTH = 440;
  private static final int PICTURE_HEIGHT = 170;
  private static final Font NAME = new Font(Font.SANS_SERIF, Font.BOLD, 15);

  private final Rows rows = new Rows(WIDTH);

  private ModelDetails() {}

  /** Returns the details of a model that is installed, or why a folder cannot be read. */
  static Rows of(ModelEntry entry) {
    ModelDetails details = new ModelDetails();
    details.show(entry, true);
    if (entry.card() == null) {
      details.row("Folder", entry.folder());
    } else {
      details.place(entry.card());
    }
    return details.rows;
  }

  /**
   * Returns the details of a model that could be installed.
   *
   * @param converted whether it will be converted, and its problem solved by that
   */
  static Rows ofNew(ModelEntry entry, boolean converted) {
    ModelDetails details = new ModelDetails();
    details.show(entry, !converted);
    return details.rows;
  }

  private void show(ModelEntry entry, boolean withProblem) {
    rows.setBackground(Color.WHITE);
    head(entry, withProblem);
    if (entry.card() != null) {
      body(entry.card());
    }
  }

  private void head(ModelEntry entry, boolean withProblem) {
    rows.addWide(Swings.paragraph(entry.name(), NAME));
    if (withProblem && entry.problem() != null) {
      JTextArea why =
          Swings.paragraph(
              (entry.card() == null ? "This folder cannot be read: " : "Cannot run here: ")
                  + inWords(entry.problem()),
              Swings.PLAIN);
      why.setForeground(Swings.BAD);
      rows.addWide(why);
    }
    if (entry.cover().exists()) {
      Dimension size = entry.cover().fit(PICTURE_WIDTH, PICTURE_HEIGHT);
      JLabel picture = new JLabel(entry.cover().icon(size.width, size.height));
      picture.setHorizontalAlignment(JLabel.LEFT);
      rows.addWide(picture);
    }
  }

  private static String inWords(EngineException problem) {
    return problem.message() + (problem.remedy().isEmpty() ? "" : ". Remedy: " + problem.remedy());
  }

  private void body(Card card) {
    if (!card.description().isEmpty()) {
      rows.addWide(Swings.paragraph(card.description(), Swings.PLAIN));
    }
    row("Licence", card.licence().isEmpty() ? "none is named: ask the authors" : card.licence());
    row("Task", ModelEntry.task(card));
    row("Authors", String.join(", ", card.authors()));
    row("Version", card.version());
    rows("Input", card.inputs());
    rows("Output", card.outputs());
    row("Pixel size", card.pixelSize());
    row("Made for", card.madeFor());
    row("Intensities", card.intensities());
    row("Weights", String.join(", ", card.weights()));
    row("Size", card.bytes() > 0 ? Sizes.precise(card.bytes()) : "");
    row("Tags", String.join(", ", card.tags()));
    row("Id", card.id());
  }

  private void place(Card card) {
    row("Test", card.tested() == null ? "not tested here yet" : card.tested().text());
    row("Origin", card.shipped() ? "comes with Drua" : "");
    row("Folder", card.folder());
  }

  private void rows(String label, List<String> values) {
    for (int i = 0; i < values.size(); i++) {
      row(values.size() > 1 ? label + " " + (i + 1) : label, values.get(i));
    }
  }

  private void row(String label, String value) {
    if (!value.isEmpty()) {
      rows.addRow(
          Swings.label(label, Swings.BOLD),
          Swings.named(Swings.paragraph(value, Swings.PLAIN), label));
    }
  }
}
