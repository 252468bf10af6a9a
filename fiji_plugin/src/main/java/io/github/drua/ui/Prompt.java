package io.github.drua.ui;

import java.awt.Window;
import javax.swing.JFileChooser;
import javax.swing.JTextField;
import javax.swing.filechooser.FileNameExtensionFilter;

/** Asks where a model comes from; knows what was entered last. */
final class Prompt {
  private static final int WIDTH = 560;

  private final JTextField url = Swings.named(new JTextField(), "URL");
  private JFileChooser chooser;

  /** Returns the window in which a file is chosen, in the folder of the last one. */
  JFileChooser fileChooser() {
    if (chooser == null) {
      chooser = new JFileChooser();
      chooser.setDialogTitle("Choose a model: a package (.zip or folder) or a network");
      chooser.setFileSelectionMode(JFileChooser.FILES_AND_DIRECTORIES);
      FileNameExtensionFilter models =
          new FileNameExtensionFilter(
              "Models (zip, yaml, onnx, pt, pth, torchscript)",
              "zip",
              "yaml",
              "yml",
              "onnx",
              "pt",
              "pth",
              "torchscript");
      chooser.addChoosableFileFilter(models);
      chooser.setFileFilter(models);
    }
    return chooser;
  }

  /** Asks for a URL and returns it; empty if there is none. */
  String askUrl(Window owner) {
    Rows rows = new Rows(WIDTH);
    rows.addWide(
        Swings.paragraph(
            "Address of a bioimage.io package (.zip or rdf.yaml), or of an ONNX or TorchScript"
                + " file:",
            Swings.PLAIN));
    rows.addWide(url);
    url.selectAll();
    boolean yes = new Question(owner, "Install from URL", rows, "Next").startingIn(url).ask();
    return yes ? url.getText().trim() : "";
  }
}
