package io.github.drua.command;

import io.github.drua.environment.Sizes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The models as lines of text, for the log of ImageJ. */
final class ModelsTable {
  private final List<String[]> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();

  ModelsTable(Inventory inventory) {
    rows.add(new String[] {"Model", "Task", "Licence", "Size", "State"});
    inventory.cards().forEach(this::add);
    inventory
        .broken()
        .forEach((folder, why) -> notes.add("Cannot be read: " + folder + ": " + why.getMessage()));
  }

  private void add(Card card) {
    String size = card.bytes() == 0 ? "" : Sizes.precise(card.bytes());
    rows.add(new String[] {card.id(), card.task(), card.licence(), size, state(card)});
  }

  private static String state(Card card) {
    if (card.problem() != null) {
      return "cannot run: " + card.problem().getMessage();
    }
    return card.tested() == null ? "not tested" : card.tested().text();
  }

  /** Returns the table, its columns aligned with blanks. */
  String text() {
    int[] widths = new int[rows.get(0).length];
    for (String[] row : rows) {
      Arrays.setAll(widths, i -> Math.max(widths[i], row[i].length()));
    }
    List<String> lines = new ArrayList<>();
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.length; i++) {
        line.append(String.format("%-" + (widths[i] + 2) + "s", row[i]));
      }
      lines.add(line.toString().trim());
    }
    lines.addAll(notes);
    return String.join("\n", lines);
  }
}
