package io.github.drua.ui;

import io.github.drua.command.SourceCode;
import java.awt.BorderLayout;
import java.awt.Dimension;
import java.awt.Window;
import java.util.List;
import javax.swing.JCheckBox;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.JTextField;

/** Shows the Python source that a model needs, and asks a person who has read it. */
final class CodeQuestion {
  private static final int WIDTH = 740;
  private static final int HEIGHT = 360;

  private CodeQuestion() {}

  /** Prepares the question; its button waits for the check box. */
  static Question of(Window owner, SourceCode code, List<String> authors) {
    String names = authors.isEmpty() ? "whoever wrote it" : String.join(", ", authors);
    Rows head = new Rows(WIDTH);
    head.addWide(
        Swings.paragraph("This model comes with a program, which you see below.", Swings.BOLD));
    if (!code.why().isEmpty()) {
      head.addWide(Swings.paragraph(sentence(code.why()), Swings.PLAIN));
    }
    head.addWide(
        Swings.paragraph(
            "If you agree, the program runs once, now, only to convert the model to a format"
                + " without programs. It runs in a sealed process: without network, with a limit of"
                + " time and memory. After that it is never run again. Still, a program can do harm"
                + " that nobody foresaw: agree only if you trust its author ("
                + names
                + "). If in doubt, cancel: nothing has been installed.",
            Swings.PLAIN));
    JCheckBox read = new JCheckBox("I have read the program and trust its author");
    JPanel content = new JPanel(new BorderLayout(0, Swings.GAP));
    content.add(head, BorderLayout.NORTH);
    content.add(source(code), BorderLayout.CENTER);
    content.add(foot(code, read), BorderLayout.SOUTH);
    Question question = new Question(owner, "Run a Program?", content, "Convert and Install");
    question.yes().setEnabled(false);
    read.addActionListener(event -> question.yes().setEnabled(read.isSelected()));
    return question;
  }

  private static String sentence(String clause) {
    String text = Character.toUpperCase(clause.charAt(0)) + clause.substring(1);
    return text.endsWith(".") ? text : text + ".";
  }

  private static JScrollPane source(SourceCode code) {
    JTextArea text = new JTextArea(code.text());
    text.setEditable(false);
    text.setTabSize(4);
    text.setFont(Swings.CODE);
    // Wrapped: code far to the right must not be overlooked.
    text.setLineWrap(true);
    text.setCaretPosition(0);
    JScrollPane pane =
        new JScrollPane(
            Swings.named(text, "Source of " + code.file()),
            JScrollPane.VERTICAL_SCROLLBAR_ALWAYS,
            JScrollPane.HORIZONTAL_SCROLLBAR_NEVER);
    pane.setPreferredSize(new Dimension(WIDTH, HEIGHT));
    return pane;
  }

  private static JPanel foot(SourceCode code, JCheckBox read) {
    JTextField hash = new JTextField(code.sha256());
    hash.setEditable(false);
    hash.setFont(Swings.CODE);
    hash.setBorder(null);
    Rows facts = new Rows(WIDTH);
    long lines = code.text().chars().filter(letter -> letter == '\n').count() + 1;
    facts.addRow(
        Swings.label("File", Swings.BOLD),
        Swings.label(code.file() + ", " + lines + (lines == 1 ? " line" : " lines"), Swings.PLAIN));
    facts.addRow(Swings.label("SHA-256", Swings.BOLD), Swings.named(hash, "SHA-256"));
    JPanel foot = new JPanel(new BorderLayout());
    foot.add(facts, BorderLayout.NORTH);
    foot.add(read, BorderLayout.SOUTH);
    return foot;
  }
}
