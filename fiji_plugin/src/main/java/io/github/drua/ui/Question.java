package io.github.drua.ui;

import java.awt.BorderLayout;
import java.awt.Dialog;
import java.awt.FlowLayout;
import java.awt.Window;
import java.awt.event.KeyEvent;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
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
  private JComponent first;
  private boolean answer;

  /** Prepares a question over a window. */
  Question(Window owner, String title, JComponent content, String yesLabel) {
    dialog = new JDialog(owner, title, Dialog.ModalityType.DOCUMENT_MODAL);
    yes = Swings.button(yesLabel, this::accept);
    JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT, Swings.GAP, 0));
    buttons.add(yes);
    JButton cancel = Swings.button("Cancel", this::close);
    buttons.add(cancel);
    first = cancel;
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
    dialog.addWindowListener(
        new WindowAdapter() {
          @Override
          public void windowOpened(WindowEvent event) {
            first.requestFocusInWindow();
          }
        });
    dialog.pack();
    dialog.setMinimumSize(dialog.getSize());
  }

  /** Returns the button that says yes. */
  JButton yes() {
    return yes;
  }

  /** Begins in a field, and makes Enter say yes: not for what must be read first. */
  Question startingIn(JComponent field) {
    first = field;
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
