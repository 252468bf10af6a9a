package io.github.drua.ui;

import java.awt.BorderLayout;
import java.awt.Color;
import java.awt.Component;
import java.awt.Dimension;
import java.awt.Font;
import javax.swing.BorderFactory;
import javax.swing.Box;
import javax.swing.BoxLayout;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JPanel;
import javax.swing.ListCellRenderer;

/** Draws a model in the list: its picture, and beside it name, facts and badges. */
final class ModelCell implements ListCellRenderer<ModelEntry> {
  static final int HEIGHT = ModelEntry.ICON + 14;
  private static final int SPACE = 7;
  private static final Font NAME = new Font(Font.SANS_SERIF, Font.BOLD, 13);
  private static final Color LINE = new Color(0xDDDDDD);
  private static final Color FACTS = new Color(0x444444);

  @Override
  public Component getListCellRendererComponent(
      JList<? extends ModelEntry> list,
      ModelEntry entry,
      int index,
      boolean selected,
      boolean focused) {
    JPanel cell = new JPanel(new BorderLayout(Swings.GAP, 0));
    cell.setBackground(selected ? list.getSelectionBackground() : list.getBackground());
    cell.setBorder(
        BorderFactory.createCompoundBorder(
            BorderFactory.createMatteBorder(0, 0, 1, 0, LINE),
            BorderFactory.createEmptyBorder(SPACE - 1, SPACE, SPACE - 1, SPACE)));
    cell.add(new JLabel(entry.icon()), BorderLayout.WEST);
    cell.add(text(entry), BorderLayout.CENTER);
    String why = entry.problem() == null ? "" : ": " + entry.problem().message();
    cell.getAccessibleContext().setAccessibleName(entry.name() + ", " + entry.summary() + why);
    return cell;
  }

  private static JPanel text(ModelEntry entry) {
    JPanel text = new JPanel();
    text.setOpaque(false);
    text.setLayout(new BoxLayout(text, BoxLayout.Y_AXIS));
    JLabel name = Swings.label(entry.name(), NAME);
    name.setForeground(Color.BLACK);
    JLabel facts = Swings.label(entry.summary(), Swings.PLAIN);
    facts.setForeground(FACTS);
    text.add(Box.createVerticalGlue());
    text.add(Swings.left(name));
    text.add(Box.createVerticalStrut(3));
    text.add(Swings.left(facts));
    text.add(Box.createVerticalStrut(5));
    text.add(Swings.left(badges(entry)));
    text.add(Box.createVerticalGlue());
    return text;
  }

  private static JPanel badges(ModelEntry entry) {
    JPanel line = new JPanel();
    line.setOpaque(false);
    line.setLayout(new BoxLayout(line, BoxLayout.X_AXIS));
    JPanel all = new JPanel(new BorderLayout());
    all.setOpaque(false);
    all.add(line, BorderLayout.WEST);
    for (Badge badge : Badge.of(entry)) {
      line.add(badge);
      line.add(Box.createHorizontalStrut(5));
    }
    if (entry.problem() != null) {
      JLabel why = Swings.label(entry.problem().message(), Swings.PLAIN);
      why.setForeground(Swings.BAD);
      all.add(why, BorderLayout.CENTER); // cut off where there is no room
    }
    all.setMaximumSize(new Dimension(Integer.MAX_VALUE, all.getPreferredSize().height));
    return all;
  }
}
