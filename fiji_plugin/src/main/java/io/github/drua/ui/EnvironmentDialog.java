package io.github.drua.ui;

import ij.IJ;
import io.github.drua.command.MacroOptions;
import io.github.drua.engine.EngineException;
import io.github.drua.environment.Build;
import io.github.drua.environment.Environments;
import io.github.drua.environment.Sizes;
import java.awt.BorderLayout;
import java.awt.Component;
import java.awt.FlowLayout;
import java.awt.Font;
import java.awt.GridBagConstraints;
import java.awt.GridBagLayout;
import java.awt.Insets;
import java.awt.Toolkit;
import java.awt.datatransfer.StringSelection;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import javax.swing.BorderFactory;
import javax.swing.JButton;
import javax.swing.JComboBox;
import javax.swing.JFileChooser;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JOptionPane;
import javax.swing.JPanel;
import javax.swing.JScrollPane;
import javax.swing.JTextArea;
import javax.swing.JTextField;
import javax.swing.SwingUtilities;

/** Shows the plugin's own Python environment, and what can be done with it. */
public final class EnvironmentDialog {
  private static final int GAP = 10;
  private static final String[] DEVICES = {"auto", "cpu", "nvidia", "torch"};

  private final Environments environments;
  private final Consumer<MacroOptions> action;
  private final JFrame frame = new JFrame("Drua Python Environment");
  private final JTextArea report = new JTextArea(12, 84);
  private final JComboBox<String> device = new JComboBox<>();
  private final JTextField wheels = new JTextField(36);
  private final JTextField python = new JTextField(36);
  private final JButton make = new JButton("Create");
  private final JButton repair = new JButton("Repair");
  private final JButton delete = new JButton("Delete...");
  private final List<JButton> changing = new ArrayList<>();

  private EnvironmentDialog(Environments environments, Consumer<MacroOptions> action) {
    this.environments = environments;
    this.action = action;
  }

  /**
   * Opens the window.
   *
   * @param action does what options tell, and tells errors; called on a thread of its own
   */
  public static void show(Environments environments, Consumer<MacroOptions> action) {
    SwingUtilities.invokeLater(() -> new EnvironmentDialog(environments, action).open());
  }

  private void open() {
    report.setEditable(false);
    report.setLineWrap(true);
    report.setWrapStyleWord(true);
    report.setFont(new Font(Font.MONOSPACED, Font.PLAIN, 12));
    JPanel content = new JPanel(new BorderLayout(GAP, GAP));
    content.setBorder(BorderFactory.createEmptyBorder(GAP, GAP, GAP, GAP));
    content.add(new JScrollPane(report), BorderLayout.CENTER);
    JPanel controls = new JPanel(new BorderLayout(0, GAP));
    controls.add(choices(), BorderLayout.NORTH);
    controls.add(buttons(), BorderLayout.SOUTH);
    content.add(controls, BorderLayout.SOUTH);
    frame.setContentPane(content);
    frame.setDefaultCloseOperation(JFrame.DISPOSE_ON_CLOSE);
    device.addItem("the fastest");
    device.addItem("the CPU");
    device.addItem("an NVIDIA device");
    device.addItem("the CPU, with PyTorch to train and for TorchScript (" + sizes() + ")");
    frame.pack();
    frame.setLocationRelativeTo(IJ.getInstance());
    frame.setVisible(true);
    inBackground("Looking...", () -> {});
  }

  private static String sizes() {
    return Sizes.text(Build.TORCH.download()) + " to download";
  }

  private JPanel choices() {
    JPanel panel = new JPanel(new GridBagLayout());
    addRow(panel, 0, "Made for:", device, null);
    JButton folder = button("Browse...", () -> browse(wheels, JFileChooser.DIRECTORIES_ONLY));
    addRow(panel, 1, "Folder of wheels, if there is no network:", wheels, folder);
    JButton program = button("Browse...", () -> browse(python, JFileChooser.FILES_AND_DIRECTORIES));
    addRow(panel, 2, "Another Python than the one it finds:", python, program);
    return panel;
  }

  private static void addRow(JPanel panel, int row, String label, Component field, JButton button) {
    GridBagConstraints place = new GridBagConstraints();
    place.gridy = row;
    place.insets = new Insets(2, 0, 2, GAP);
    place.anchor = GridBagConstraints.WEST;
    panel.add(new JLabel(label), place);
    place.fill = GridBagConstraints.HORIZONTAL;
    place.weightx = 1;
    panel.add(field, place);
    place.weightx = 0;
    if (button != null) {
      panel.add(button, place);
    }
  }

  private JPanel buttons() {
    make.addActionListener(event -> start(make.getText().equals("Update") ? "update" : "create"));
    repair.addActionListener(event -> start("repair"));
    delete.addActionListener(event -> confirmDelete());
    JButton use = button("Use That Python", () -> start("use"));
    changing.add(make);
    changing.add(repair);
    changing.add(delete);
    changing.add(use);
    JPanel buttons = new JPanel(new FlowLayout(FlowLayout.RIGHT, GAP, 0));
    changing.forEach(buttons::add);
    buttons.add(button("Copy Report", this::copy));
    buttons.add(button("Close", frame::dispose));
    return buttons;
  }

  private static JButton button(String label, Runnable action) {
    JButton button = new JButton(label);
    button.addActionListener(event -> action.run());
    return button;
  }

  private void browse(JTextField field, int what) {
    JFileChooser chooser = new JFileChooser(field.getText());
    chooser.setFileSelectionMode(what);
    if (chooser.showOpenDialog(frame) == JFileChooser.APPROVE_OPTION) {
      field.setText(chooser.getSelectedFile().getPath());
    }
  }

  private void confirmDelete() {
    String question = "Delete the Python environment? It can be made again.";
    int answer =
        JOptionPane.showConfirmDialog(
            frame, question, frame.getTitle(), JOptionPane.OK_CANCEL_OPTION);
    if (answer == JOptionPane.OK_OPTION) {
      start("delete");
    }
  }

  private void start(String what) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("action", what);
    if (!what.equals("delete")) {
      options.put("python", python.getText());
    }
    if (!what.equals("delete") && !what.equals("use")) {
      options.put("wheels", wheels.getText());
      options.put("device", DEVICES[device.getSelectedIndex()]);
    }
    inBackground("Working...", () -> action.accept(MacroOptions.of(options)));
  }

  private void inBackground(String text, Runnable work) {
    changing.forEach(each -> each.setEnabled(false));
    report.setText(text);
    Thread thread =
        new Thread(
            () -> {
              work.run();
              look();
            },
            "Drua Python Environment");
    thread.setDaemon(true);
    thread.start();
  }

  private void look() {
    String text = reportOrError();
    boolean outdated = environments.isOutdated();
    boolean exists = environments.exists();
    String graphics = environments.graphics();
    SwingUtilities.invokeLater(() -> show(text, exists, outdated, graphics));
  }

  private String reportOrError() {
    try {
      return environments.report();
    } catch (EngineException e) {
      return e.message() + "\n\n" + e.remedy();
    }
  }

  private void show(String text, boolean exists, boolean outdated, String graphics) {
    report.setText(text);
    report.setCaretPosition(0);
    make.setText(outdated ? "Update" : "Create");
    int chosen = device.getSelectedIndex();
    device.removeItemAt(0);
    device.insertItemAt("the fastest (" + graphics + ")", 0);
    device.setSelectedIndex(Math.max(0, chosen));
    changing.forEach(each -> each.setEnabled(true));
    repair.setEnabled(exists);
    delete.setEnabled(exists);
  }

  private void copy() {
    StringSelection text = new StringSelection(report.getText());
    Toolkit.getDefaultToolkit().getSystemClipboard().setContents(text, text);
  }
}
