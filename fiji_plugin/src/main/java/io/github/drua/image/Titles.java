package io.github.drua.image;

import ij.ImagePlus;
import ij.WindowManager;

/** Names of results, made from the title of their input. */
public final class Titles {
  private static final String EXTENSION = "(?i)(\\.ome)?\\.[a-z][a-z0-9]{1,4}$";
  private static final String NOT_IN_FILE_NAMES = "[\\\\/:*?\"<>|\\p{Cntrl}]";

  private Titles() {}

  /** Returns the title without its file extension. */
  public static String stem(ImagePlus image) {
    String stem = image.getTitle().replaceFirst(EXTENSION, "");
    return stem.isEmpty() ? image.getTitle() : stem;
  }

  /** Returns the stem as every system allows it in the name of a file. */
  public static String fileStem(ImagePlus image) {
    String stem = stem(image).replaceAll(NOT_IN_FILE_NAMES, "_").trim();
    return stem.isEmpty() ? "image" : stem;
  }

  /** Returns a title for a result of an image, such as its labels; no open image has it. */
  static String of(ImagePlus image, String result) {
    return WindowManager.makeUniqueName(stem(image) + "-" + result);
  }

  /** Returns a title for the table of an image; no open window has it. */
  static String table(ImagePlus image) {
    String title = stem(image) + "-table";
    String unique = title;
    for (int i = 1; WindowManager.getFrame(unique) != null; i++) {
      unique = title + "-" + i;
    }
    return unique;
  }
}
