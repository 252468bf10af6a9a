package io.github.drua.ui;

import java.awt.Desktop;
import java.io.File;
import java.io.IOException;

/** Opens a folder in the program that the computer shows folders with. */
final class FolderView {
  private FolderView() {}

  /** Opens it; returns what is to be told if that is not possible, else null. */
  static String open(String path) {
    File folder = new File(path);
    try {
      if (folder.isDirectory()
          && Desktop.isDesktopSupported()
          && Desktop.getDesktop().isSupported(Desktop.Action.OPEN)) {
        Desktop.getDesktop().open(folder);
        return null;
      }
    } catch (IOException e) {
      // no program for folders: the path serves as well
    }
    return (folder.isDirectory() ? "The folder is " : "There is no folder ") + path;
  }
}
