package io.github.drua.ui;

import ij.IJ;
import io.github.drua.command.Inspection;
import io.github.drua.command.Inventory;
import io.github.drua.command.MacroOptions;
import io.github.drua.engine.Progress;
import java.awt.BorderLayout;
import java.awt.Dimension;
import java.awt.FlowLayout;
import java.awt.Point;
import java.awt.event.WindowAdapter;
import java.awt.event.WindowEvent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.swing.BorderFactory;
import javax.swing.DefaultListModel;
import javax.swing.JButton;
import javax.swing.JFileChooser;
import javax.swing.JFrame;
import javax.swing.JLabel;
import javax.swing.JList;
import javax.swing.JOptionPane;
import javax.swing.JPanel;
import javax.swing.JProgressBar;
import javax.swing.JScrollPane;
import javax.swing.JSplitPane;
import javax.swing.ListSelectionModel;
import javax.swing.SwingUtilities;

/**
 * Shows the models that are installed, and installs, tests and removes them. What takes long runs
 * on a thread of its own, one thing at a time.
 */
public final class ModelsDialog {
  private static final int LIST_WIDTH = 390;
  private static final int DETAILS_WIDTH = 500;
  private static final int HEIGHT = 470;

  private final ModelsActions actions;
  private final JFrame frame = new JFrame("Drua Models");
  private final DefaultListModel<ModelEntry> entries = new DefaultListModel<>();
  private final JList<ModelEntry> list = new JList<>(entries);
  private final JScrollPane details =
      new JScrollPane(
          new JPanel(),
          JScrollPane.VERTICAL_SCROLLBAR_ALWAYS,
          JScrollPane.HORIZONTAL_SCROLLBAR_NEVER);
  private final JLabel state = Swings.label(" ", Swings.PLAIN);
  private final JProgressBar bar = new JProgressBar();
  private final JButton cancel = new JButton("Cancel");
  private final JButton fromFile = new JButton("Install from File...");
  private final JButton fromUrl = new JButton("Install from URL...");
  private final JButton test = new JButton("Test");
  private final JButton remove = new JButton("Remove...");
  private final JButton folder = new JButton("Show Folder");
  private final JButton refresh = new JButton("Refresh");
  private final Prompt prompt = new Prompt();
  private boolean busy;
  private BarProgress progress;

  private ModelsDialog(ModelsActions actions) {
    this.actions = actions;
  }

  /** Opens the window. */
  public static void show(ModelsActions actions) {
    SwingUtilities.invokeLater(() -> new ModelsDialog(actions).open());
  }

  private void open() {
    list.setCellRenderer(new ModelCell());
    list.setFixedCellHeight(ModelCell.HEIGHT);
    list.setFixedCellWidth(LIST_WIDTH - 30);
    list.setSelectionMode(ListSelectionModel.SINGLE_SELECTION);
    list.addListSelectionListener(event -> showSelected());
    Swings.named(list, "Models");
    JScrollPane models = new JScrollPane(list);
    models.setPreferredSize(new Dimension(LIST_WIDTH, HEIGHT));
    details.setPreferredSize(new Dimension(DETAILS_WIDTH, HEIGHT));
    JSplitPane middle = new JSplitPane(JSplitPane.HORIZONTAL_SPLIT, models, details);
    middle.setBorder(null);
    middle.setResizeWeight(0.3);
    JPanel south = new JPanel(new BorderLayout(0, Swings.GAP));
    south.add(progressLine(), BorderLayout.NORTH);
    south.add(buttons(), BorderLayout.SOUTH);
    JPanel content = new JPanel(new BorderLayout(Swings.GAP, Swings.GAP));
    content.setBorder(
        BorderFactory.createEmptyBorder(Swings.GAP, Swings.GAP, Swings.GAP, Swings.GAP));
    content.add(middle, BorderLayout.CENTER);
    content.add(south, BorderLayout.SOUTH);
    frame.setContentPane(content);
    frame.setDefaultCloseOperation(JFrame.DISPOSE_ON_CLOSE);
    frame.addWindowListener(
        new WindowAdapter() {
          @Override
          public void windowClosed(WindowEvent event) {
            stop();
          }
        });
    frame.pack();
    frame.setLocationRelativeTo(IJ.getInstance());
    setBusy(true);
    frame.setVisible(true);
    start(() -> reload(""));
  }

  private JPanel progressLine() {
    cancel.addActionListener(event -> stop());
    bar.setPreferredSize(new Dimension(240, 16));
    bar.setVisible(false);
    cancel.setVisible(false);
    JPanel right = new JPanel(new FlowLayout(FlowLayout.RIGHT, Swings.GAP, 0));
    right.add(bar);
    right.add(cancel);
    JPanel line = new JPanel(new BorderLayout(Swings.GAP, 0));
    line.add(state, BorderLayout.CENTER);
    line.add(right, BorderLayout.EAST);
    // As high without the button: the window must not jump.
    line.setPreferredSize(new Dimension(10, cancel.getPreferredSize().height));
    return line;
  }

  private JPanel buttons() {
    fromFile.addActionListener(event -> chooseFile());
    fromUrl.addActionListener(event -> askUrl());
    test.addActionListener(event -> testSelected());
    remove.addActionListener(event -> removeSelected());
    folder.addActionListener(event -> showFolder());
    refresh.addActionListener(event -> start(() -> reload(selectedId())));
    JPanel left = new JPanel(new FlowLayout(FlowLayout.LEFT, 0, 0));
    left.add(fromFile);
    left.add(javax.swing.Box.createHorizontalStrut(Swings.GAP));
    left.add(fromUrl);
    JPanel right = new JPanel(new FlowLayout(FlowLayout.RIGHT, Swings.GAP, 0));
    right.add(test);
    right.add(remove);
    right.add(folder);
    right.add(refresh);
    right.add(Swings.button("Close", frame::dispose));
    JPanel buttons = new JPanel(new BorderLayout(2 * Swings.GAP, 0));
    buttons.add(left, BorderLayout.WEST);
    buttons.add(right, BorderLayout.EAST);
    return buttons;
  }

  // What a person presses, on the event thread.

  private void chooseFile() {
    JFileChooser chooser = prompt.fileChooser();
    if (chooser.showOpenDialog(frame) == JFileChooser.APPROVE_OPTION) {
      String path = chooser.getSelectedFile().getPath();
      start(() -> new Install(path).run());
    }
  }

  private void askUrl() {
    String url = prompt.askUrl(frame);
    if (!url.isEmpty()) {
      start(() -> new Install(url).run());
    }
  }

  private void testSelected() {
    String id = selectedId();
    Map<String, String> options = options("test", "model", id);
    options.put("device", "auto");
    start(
        () -> {
          String told = act("testing " + id, options, null);
          reload(id); // also a test that failed is one
          tell(told);
        });
  }

  private void removeSelected() {
    ModelEntry entry = list.getSelectedValue();
    JLabel question =
        Swings.label(
            "Remove " + entry.name() + " (" + entry.id() + ") from the disk?", Swings.BOLD);
    int answer =
        JOptionPane.showConfirmDialog(
            frame, question, "Remove Model", JOptionPane.OK_CANCEL_OPTION);
    if (answer == JOptionPane.OK_OPTION) {
      Map<String, String> options = options("remove", "model", entry.id());
      start(
          () -> {
            String told = act("removing " + entry.id(), options, null);
            reload(told == null ? entry.id() : "");
            tell(told);
          });
    }
  }

  private void showFolder() {
    String path = list.getSelectedValue().folder();
    Thread thread = new Thread(() -> tell(FolderView.open(path)), "Drua Show Folder");
    thread.setDaemon(true);
    thread.start();
  }

  private void stop() {
    if (progress != null) {
      progress.cancel();
      cancel.setEnabled(false);
    }
  }

  private void start(Runnable work) {
    setBusy(true);
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } finally {
                SwingUtilities.invokeLater(() -> setBusy(false));
              }
            },
            "Drua Models");
    thread.setDaemon(true);
    thread.start();
  }

  private void setBusy(boolean now) {
    busy = now;
    enableButtons();
  }

  private void enableButtons() {
    ModelEntry entry = list.getSelectedValue();
    boolean model = entry != null && entry.card() != null;
    fromFile.setEnabled(!busy);
    fromUrl.setEnabled(!busy);
    refresh.setEnabled(!busy);
    test.setEnabled(!busy && model && entry.problem() == null);
    remove.setEnabled(!busy && model && !entry.card().shipped());
    remove.setToolTipText(
        model && entry.card().shipped() ? "It comes with Drua and cannot be removed" : null);
    folder.setEnabled(entry != null && !entry.folder().isEmpty());
  }

  private void showSelected() {
    ModelEntry entry = list.getSelectedValue();
    details.setViewportView(entry == null ? new JPanel() : ModelDetails.of(entry));
    SwingUtilities.invokeLater(() -> details.getViewport().setViewPosition(new Point(0, 0)));
    enableButtons();
  }

  private String selectedId() {
    ModelEntry entry = list.getSelectedValue();
    return entry == null ? "" : entry.id();
  }

  // What takes long, on a thread of its own.

  /** Does one step, with progress and Cancel; returns whether it was done. */
  private boolean step(String what, Consumer<Progress> work) {
    BarProgress now = new BarProgress(state, bar, what);
    onEvents(() -> begin(now));
    return actions.attempt(
        () -> {
          try {
            work.accept(now);
          } finally {
            onEvents(this::end); // before an error is told, which waits for the person
          }
        });
  }

  private void begin(BarProgress now) {
    progress = now;
    cancel.setEnabled(true);
    cancel.setVisible(true);
    bar.setVisible(true);
    if (!frame.isDisplayable()) {
      now.cancel(); // closed meanwhile: nobody waits for it
    }
  }

  private void end() {
    state.setText(progress.cancelled() ? "Cancelled" : " ");
    cancel.setVisible(false);
    bar.setVisible(false);
  }

  /** Does what options tell; returns what is to be told, null if it was not done. */
  private String act(String what, Map<String, String> options, Inspection found) {
    String[] told = new String[1];
    step(what, watcher -> told[0] = actions.act(MacroOptions.of(options), found, watcher));
    return told[0];
  }

  private void reload(String id) {
    Inventory[] inventory = new Inventory[1];
    if (step("reading the models", watcher -> inventory[0] = actions.list(watcher))) {
      List<ModelEntry> now = ModelEntry.of(inventory[0]);
      onEvents(() -> fill(now, id));
    }
  }

  private void fill(List<ModelEntry> now, String id) {
    entries.clear();
    now.forEach(entries::addElement);
    int chosen = 0;
    for (int i = 0; i < now.size(); i++) {
      chosen = !id.isEmpty() && now.get(i).id().equals(id) ? i : chosen;
    }
    list.setSelectedIndex(chosen);
    list.ensureIndexIsVisible(chosen);
  }

  private void tell(String text) {
    if (text != null) {
      onEvents(
          () -> {
            state.setText(text.split("\n")[0]);
          });
    }
  }

  private static void onEvents(Runnable body) {
    try {
      SwingUtilities.invokeAndWait(body);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (java.lang.reflect.InvocationTargetException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private static Map<String, String> options(String action, String key, String value) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put("action", action);
    options.put(key, value);
    return options;
  }

  /** The way from a source to an installed model. */
  private final class Install {
    private final String source;
    private Inspection found;
    private ModelEntry entry;

    Install(String source) {
      this.source = source;
    }

    void run() {
      boolean looked =
          step(
              "looking at " + source,
              watcher -> {
                found = actions.inspect(source, watcher);
                entry = found.isNetwork() ? null : ModelEntry.of(found.card());
              });
      if (!looked) {
        tellCancelled();
      } else if (found.isNetwork()) {
        installNetwork();
      } else {
        installPackage();
      }
    }

    private void installPackage() {
      List<String> authors = entry.card().authors();
      boolean yes = isYes(() -> InstallQuestion.of(frame, found, entry));
      if (yes && found.code() != null) {
        yes = isYes(() -> CodeQuestion.of(frame, found.code(), authors));
      }
      if (yes) {
        Map<String, String> options = options("add", "source", source);
        options.put("replace", Boolean.toString(found.installed()));
        options.put("allow_code", found.code() == null ? "" : found.code().sha256());
        finish(act("installing " + entry.name(), options, found), entry.id());
      }
    }

    /** Asks a question, unless the window that it belongs to was closed. */
    private boolean isYes(Supplier<Question> question) {
      boolean[] yes = new boolean[1];
      onEvents(() -> yes[0] = frame.isDisplayable() && question.get().ask());
      return yes[0];
    }

    private void installNetwork() {
      NetworkForm[] form = new NetworkForm[1];
      onEvents(() -> form[0] = new NetworkForm(frame, found));
      String told = null;
      // If it fails, the form comes again, filled as it was.
      while (told == null && isYes(form[0]::question)) {
        Map<String, String> options = options("add", "source", source);
        options.putAll(form[0].answers());
        told = act("installing " + found.file(), options, found);
      }
      if (told != null) {
        finish(told, form[0].answers().getOrDefault("id", ""));
      }
    }

    private void finish(String told, String id) {
      if (told == null) {
        tellCancelled();
      } else {
        reload(id);
        tell(told);
      }
    }

    private void tellCancelled() {
      if (progress.cancelled() && source.contains("://")) {
        tell("Cancelled. What was downloaded is kept: install the same URL again to go on.");
      }
    }
  }
}
