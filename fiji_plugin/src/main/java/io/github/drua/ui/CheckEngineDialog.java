package io.github.drua.ui;

import ij.IJ;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.PythonEnvironment;
import java.awt.BorderLayout;
import java.awt.FlowLayout;
import java.awt.Font;
import java.awt.Toolkit;
import java.awt.datatransfer.StringSelection;
import java.util.function.Supplier;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JFileChooser;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.JTextField;
import javax.swing.SwingUtilities;

/** Shows what the engine can do, and lets a person choose the Python that runs it. */
public final class CheckEngineDialog {
  private static final int GAP = 10;

  private final Supplier<String> check;
  private final JFrame frame = new JFrame("Drua Check Engine");
  private final JTextArea report = new JTextArea(14, 84);
  private final JTextField python = new JTextField(36);
  private final JButton again = new JButton("Check Again");

  private CheckEngineDialog(Supplier<String> check) {
    this.check = check;
  }

  /** Opens the window; the check runs on a thread of its own. */
  public static void show(Supplier<String> check) {
    SwingUtilities.invokeLater(() -> new CheckEngineDialog(check).open());
  }

  private void open() {
    report.setEditable(false);
    report.setLineWrap(true);
    report.setWrapStyleWord(true);
    report.setFont(new Font(Font.MONOSPACED, Font.PLAIN, 12));
    JPanel content = new JPanel(new BorderLayout(GAP, GAP));
    content.setBorder(BorderFactory.createEmptyBorder(GAP, GAP, GAP, GAP));
    content.add(new JScrollPane(report), BorderLayout.CENTER);
    content.add(controls(), BorderLayout.SOUTH);
    frame.setContentPane(content);
    frame.setDefaultCloseOperation(JFrame.DISPOSE_ON_CLOSE);
    frame.pack();
    frame.setLocationRelativeTo(IJ.getInstance());
    frame.setVisible(true);
    startCheck();
  }

  private JPanel controls() {
    JPanel choice = new JPanel(new BorderLayout(GAP, 0));
    choice.add(new JLabel("Python of the engine:"), BorderLayout.WEST);
    choice.add(python, BorderLayout.CENTER);
    JPanel choiceButtons = new JPanel(new FlowLayout(FlowLayout.RIGHT, GAP, 0));
    choiceButtons.add(button("Browse...", this::browse));
    choiceButtons.add(button("Use This Python", this::usePython));
    choice.add(choiceButtons, BorderLayout.EAST);
    JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT, GAP, 0));
    again.addActionListener(event -> startCheck());
    buttons.add(again);
    buttons.add(button("Copy Report", this::copy));
    buttons.add(button("Close", frame::dispose));
    JPanel controls = new JPanel(new BorderLayout(0, GAP));
    controls.add(choice, BorderLayout.NORTH);
    controls.add(buttons, BorderLayout.SOUTH);
    return controls;
  }

  private static JButton button(String label, Runnable action) {
    JButton button = new JButton(label);
    button.addActionListener(event -> action.run());
    return button;
  }

  private void startCheck() {
    again.setEnabled(false);
    report.setText("Checking the engine...");
    Thread thread = new Thread(this::checkNow, "Drua Check Engine");
    thread.setDaemon(true);
    thread.start();
  }

  private void checkNow() {
    String path = currentPython();
    String text = check.get();
    SwingUtilities.invokeLater(
        () -> {
          python.setText(path);
          report.setText(text);
          report.setCaretPosition(0);
          again.setEnabled(true);
        });
  }

  private static String currentPython() {
    try {
      return PythonEnvironment.find().python().getPath();
    } catch (EngineException e) {
      return ""; // the report tells what is missing
    }
  }

  private void browse() {
    JFileChooser chooser = new JFileChooser(python.getText());
    chooser.setDialogTitle("Choose a Python, or the folder of its environment");
    chooser.setFileSelectionMode(JFileChooser.FILES_AND_DIRECTORIES);
    if (chooser.showOpenDialog(frame) == JFileChooser.APPROVE_OPTION) {
      python.setText(chooser.getSelectedFile().getPath());
    }
  }

  private void usePython() {
    String path = python.getText();
    again.setEnabled(false);
    report.setText("Starting the engine with " + path + " ...");
    Thread thread =
        new Thread(
            () -> {
              PythonEnvironment.choose(path);
              checkNow();
            },
            "Drua Choose Python");
    thread.setDaemon(true);
    thread.start();
  }

  private void copy() {
    StringSelection text = new StringSelection(report.getText());
    Toolkit.getDefaultToolkit().getSystemClipboard().setContents(text, text);
  }
}
