package io.github.drua.ui;

import io.github.drua.command.Inspection;
import io.github.drua.command.Setting;
import io.github.drua.engine.EngineException;
import java.awt.BorderLayout;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.FlowLayout;
import java.awt.Rectangle;
import java.awt.Window;
import java.awt.event.ActionListener;
import java.awt.event.FocusAdapter;
import java.awt.event.FocusEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JCheckBox;
import javax.swing.JComboBox;
import javax.swing.JComponent;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.JTextField;

/** Asks what must be known of a bare network; keeps what was entered until it is accepted. */
final class NetworkForm {
  private static final int WIDTH = 620;
  private static final int HEIGHT = 540;
  private static final int LETTERS = 28;
  private static final int DIGITS = 12;
  private static final Color HELP = new Color(0x555555);

  private final Inspection network;
  private final List<Field> fields = new ArrayList<>();
  private final Map<String, String> answers = new LinkedHashMap<>();
  private final JTextArea complaint = Swings.paragraph(" ", Swings.BOLD);
  private final JCheckBox replace = new JCheckBox("Replace a model that has the same id");
  private final Question question;

  NetworkForm(Window owner, Inspection network) {
    this.network = network;
    question = new Question(owner, "Describe Network", content(), "Install");
    if (!fields.isEmpty()) {
      question.startingIn(fields.get(0).component);
    }
    JButton yes = question.yes();
    ActionListener accept = yes.getActionListeners()[0];
    yes.removeActionListener(accept);
    yes.addActionListener(
        event -> {
          if (read()) {
            accept.actionPerformed(event);
          }
        });
  }

  /** Returns the question, which is only answered with yes when every answer is valid. */
  Question question() {
    return question;
  }

  /** Returns the answers as options of the command. */
  Map<String, String> answers() {
    Map<String, String> options = new LinkedHashMap<>(answers);
    options.put("replace", Boolean.toString(replace.isSelected()));
    return options;
  }

  private JPanel content() {
    Rows head = new Rows(WIDTH);
    head.addWide(
        Swings.paragraph("What should Drua know about " + network.file() + "?", Swings.BOLD));
    head.addWide(
        Swings.paragraph(
            "The file holds a network, but does not say what it is for. What Drua could measure or"
                + " guess is filled in; please check it.",
            Swings.PLAIN));
    Rows rows = new Rows(WIDTH);
    network.questions().forEach(each -> add(rows, each));
    JScrollPane pane =
        new JScrollPane(
            rows, JScrollPane.VERTICAL_SCROLLBAR_AS_NEEDED, JScrollPane.HORIZONTAL_SCROLLBAR_NEVER);
    int height = Math.min(HEIGHT, rows.getPreferredSize().height + 4);
    pane.setPreferredSize(new Dimension(WIDTH, height));
    complaint.setForeground(Swings.BAD);
    complaint.setRows(2);
    JPanel content = new JPanel(new BorderLayout(0, Swings.GAP));
    content.add(head, BorderLayout.NORTH);
    content.add(pane, BorderLayout.CENTER);
    JPanel foot = new JPanel(new BorderLayout(0, Swings.GAP));
    foot.add(replace, BorderLayout.NORTH);
    foot.add(complaint, BorderLayout.SOUTH);
    content.add(foot, BorderLayout.SOUTH);
    return content;
  }

  private void add(Rows rows, Setting setting) {
    JPanel line = new JPanel(new FlowLayout(FlowLayout.LEFT, 0, 0));
    Field field = field(setting);
    fields.add(field);
    line.add(Swings.named(field.component, setting.label()));
    if (!setting.range().isEmpty()) {
      line.add(Swings.label("   " + setting.range(), Swings.PLAIN));
    }
    Rows both = new Rows(WIDTH);
    both.setBorder(null);
    both.addWide(line);
    if (!setting.help().isEmpty()) {
      JTextArea help = Swings.paragraph(setting.help(), Swings.PLAIN);
      help.setForeground(HELP);
      both.addWide(help);
    }
    boolean flag = setting.type() == Setting.Type.FLAG;
    JLabel label = Swings.label(flag ? "" : setting.label(), Swings.BOLD);
    label.setBorder(BorderFactory.createEmptyBorder(3, 0, 0, 0)); // level with the field's text
    rows.addRow(label, both);
  }

  private static Field field(Setting setting) {
    switch (setting.type()) {
      case FLAG:
        JCheckBox box = new JCheckBox(setting.label(), Boolean.parseBoolean(setting.standard()));
        return new Field(setting, box, () -> Boolean.toString(box.isSelected()));
      case CHOICE:
        JComboBox<String> choice = new JComboBox<>(setting.choices().toArray(new String[0]));
        choice.setSelectedItem(setting.standard());
        return new Field(setting, choice, () -> (String) choice.getSelectedItem());
      default:
        int columns = setting.type() == Setting.Type.TEXT ? LETTERS : DIGITS;
        JTextField text = new JTextField(setting.standard(), columns);
        return new Field(setting, text, text::getText);
    }
  }

  /** Reads the answers; complains about the first that cannot be, and returns false. */
  private boolean read() {
    answers.clear();
    complaint.setText(" ");
    for (Field field : fields) {
      try {
        answers.put(field.setting.name(), field.setting.check(field.value.get()));
      } catch (EngineException e) {
        boolean missing = field.value.get().trim().isEmpty();
        complaint.setText(
            field.setting.label()
                + (missing ? " is missing: please fill it in." : ": " + e.getMessage() + "."));
        field.component.requestFocusInWindow();
        return false;
      }
    }
    return true;
  }

  /** Where a question is answered. */
  private static final class Field {
    private final Setting setting;
    private final JComponent component;
    private final Supplier<String> value;

    Field(Setting setting, JComponent component, Supplier<String> value) {
      this.setting = setting;
      this.component = component;
      this.value = value;
      component.addFocusListener(
          new FocusAdapter() {
            @Override
            public void focusGained(FocusEvent event) {
              Rectangle all = new Rectangle(component.getSize());
              component.scrollRectToVisible(all); // whoever comes by the Tab key sees it, too
            }
          });
    }
  }
}
