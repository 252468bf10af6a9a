package io.github.drua.ui;

import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.util.ArrayList;
import java.util.List;
import javax.swing.BorderFactory;
import javax.swing.JLabel;

/** A word on a coloured ground. */
final class Badge extends JLabel {
  private static final long serialVersionUID = 1L;
  private static final Color GREEN = new Color(0xD5EBD6);
  private static final Color RED = new Color(0xF6D3D0);
  private static final Color GREY = new Color(0xE3E3E3);
  private static final Color BLUE = new Color(0xD3E3F5);

  private final transient Color ground;

  private Badge(String text, Color ground) {
    super(text);
    this.ground = ground;
    setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    setForeground(Color.BLACK);
    setBorder(BorderFactory.createEmptyBorder(1, 7, 1, 7));
  }

  /** Returns what is to be known of a model at a glance. */
  static List<Badge> of(ModelEntry entry) {
    List<Badge> badges = new ArrayList<>();
    if (entry.card() == null) {
      badges.add(new Badge("broken", RED));
      return badges;
    }
    if (entry.problem() != null) {
      badges.add(new Badge("cannot run", RED));
    } else if (entry.card().tested() == null) {
      badges.add(new Badge("not tested", GREY));
    } else {
      boolean passed = entry.card().tested().passed();
      badges.add(passed ? new Badge("tested", GREEN) : new Badge("test failed", RED));
    }
    if (entry.card().shipped()) {
      badges.add(new Badge("shipped", BLUE));
    }
    return badges;
  }

  @Override
  protected void paintComponent(Graphics graphics) {
    Graphics2D canvas = (Graphics2D) graphics.create();
    canvas.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    canvas.setColor(ground);
    canvas.fillRoundRect(0, 0, getWidth(), getHeight(), getHeight(), getHeight());
    canvas.dispose();
    super.paintComponent(graphics);
  }
}
