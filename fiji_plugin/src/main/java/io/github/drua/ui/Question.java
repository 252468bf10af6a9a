package io.github.drua.ui;

import java.awt.BorderLayout;
import java.awt.Dialog;
import java.awt.FlowLayout;
import java.awt.Window;
import java.awt.event.KeyEvent;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JComponent;
import javax.swing.JDialog;
import javax.swing.JPanel;
import javax.swing.KeyStroke;

/**
 * A window with two answers, yes and Cancel; what is entered into it stays there, so that it can be
 * asked again. All of it belongs to the event thread.
 */
final class Question {
  private final JDialog dialog;
  private final JButton yes;
  private boolean answer;

  /** Prepares a question over a window. */
  Question(Window owner, String title, JComponent content, String yesLabel) {
    dialog = new JDialog(owner, title, Dialog.ModalityType.DOCUMENT_MODAL);
    yes = Swings.button(yesLabel, this::accept);
    JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT, Swings.GAP, 0));
    buttons.add(yes);
    buttons.add(Swings.button("Cancel", this::close));
    JPanel all = new JPanel(new BorderLayout(Swings.GAP, Swings.GAP));
    all.setBorder(BorderFactory.createEmptyBorder(Swings.GAP, Swings.GAP, Swings.GAP, Swings.GAP));
    all.add(content, BorderLayout.CENTER);
    all.add(buttons, BorderLayout.SOUTH);
    dialog.setContentPane(all);
    dialog
        .getRootPane()
        .registerKeyboardAction(
            event -> close(),
            KeyStroke.getKeyStroke(KeyEvent.VK_ESCAPE, 0),
            JComponent.WHEN_IN_FOCUSED_WINDOW);
    dialog.pack();
    dialog.setMinimumSize(dialog.getSize());
  }

  /** Returns the button that says yes. */
  JButton yes() {
    return yes;
  }

  /** Makes Enter say yes: not for what must be read first. */
  Question withEnter() {
    dialog.getRootPane().setDefaultButton(yes);
    return this;
  }

  /** Asks, and returns whether the answer was yes. */
  boolean ask() {
    answer = false;
    dialog.setLocationRelativeTo(dialog.getOwner());
    dialog.setVisible(true);
    return answer;
  }

  private void accept() {
    answer = true;
    close();
  }

  private void close() {
    dialog.setVisible(false);
  }
}
