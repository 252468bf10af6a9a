package io.github.drua.ui;

import java.awt.Color;
import java.awt.Component;
import java.awt.Font;
import javax.swing.JButton;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JTextArea;
import javax.swing.text.DefaultCaret;

/** Parts of windows that show text of others as it is: Swing would take {@code <html>} for HTML. */
final class Swings {
  static final int GAP = 10;
  static final Font PLAIN = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
  static final Font BOLD = new Font(Font.SANS_SERIF, Font.BOLD, 12);
  static final Font CODE = new Font(Font.MONOSPACED, Font.PLAIN, 12);
  static final Color BAD = new Color(0xA61B1B);

  private Swings() {}

  static JLabel label(String text, Font font) {
    JLabel label = new JLabel();
    label.putClientProperty("html.disable", Boolean.TRUE);
    label.setText(text);
    label.setFont(font);
    return label;
  }

  /** Returns text in lines as wide as their place, which can be selected and copied. */
  static JTextArea paragraph(String text, Font font) {
    JTextArea area = new JTextArea();
    area.setEditable(false);
    // Else whatever holds it scrolls to its end.
    DefaultCaret caret = new DefaultCaret();
    caret.setUpdatePolicy(DefaultCaret.NEVER_UPDATE);
    area.setCaret(caret);
    area.setText(text);
    area.setLineWrap(true);
    area.setWrapStyleWord(true);
    area.setOpaque(false);
    area.setFont(font);
    area.setBorder(null);
    return area;
  }

  static JButton button(String label, Runnable action) {
    JButton button = new JButton(label);
    button.addActionListener(event -> action.run());
    return button;
  }

  /** Names a component for those who hear the window instead of seeing it. */
  static <T extends Component> T named(T component, String name) {
    component.getAccessibleContext().setAccessibleName(name);
    return component;
  }

  static <T extends JComponent> T left(T component) {
    component.setAlignmentX(Component.LEFT_ALIGNMENT);
    return component;
  }
}
