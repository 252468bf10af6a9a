package io.github.drua.ui;

import io.github.drua.command.Inspection;
import java.awt.BorderLayout;
import java.awt.Dimension;
import java.awt.Window;
import javax.swing.JPanel;
import javax.swing.JScrollPane;

/** Shows the card of a package and asks whether to install it. */
final class InstallQuestion {
  private static final int WIDTH = 560;
  private static final int HEIGHT = 460;

  private InstallQuestion() {}

  /** Prepares the question about a package whose picture was read already. */
  static Question of(Window owner, Inspection found, ModelEntry entry) {
    boolean code = found.code() != null;
    String licence = entry.card().licence();
    String text =
        (found.installed()
                ? "A model of this id ("
                    + entry.id()
                    + ") is installed already. Replace it by this one?"
                : "Install this model?")
            + (licence.isEmpty()
                ? " It names no licence."
                : " By using it you accept its licence, " + licence + ".")
            + (code ? " It must be converted first: the next window shows what that means." : "");
    Rows head = new Rows(WIDTH);
    head.addWide(Swings.paragraph(text, Swings.BOLD));
    Rows rows = ModelDetails.ofNew(entry, code);
    JScrollPane card =
        new JScrollPane(
            rows, JScrollPane.VERTICAL_SCROLLBAR_ALWAYS, JScrollPane.HORIZONTAL_SCROLLBAR_NEVER);
    card.setPreferredSize(
        new Dimension(WIDTH, Math.min(HEIGHT, rows.getPreferredSize().height + 4)));
    JPanel content = new JPanel(new BorderLayout(0, Swings.GAP));
    content.add(head, BorderLayout.NORTH);
    content.add(card, BorderLayout.CENTER);
    String yes = found.installed() ? "Replace" : "Install";
    return new Question(
        owner,
        found.installed() ? "Replace Model" : "Install Model",
        content,
        code ? yes + "..." : yes);
  }
}
