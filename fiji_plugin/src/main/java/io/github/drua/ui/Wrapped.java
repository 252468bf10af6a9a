package io.github.drua.ui;

import io.github.drua.engine.EngineException;

/** Text in lines that fit a dialog: ImageJ's boxes grow as wide as their longest line. */
public final class Wrapped {
  private static final int WIDTH = 72;

  private Wrapped() {}

  /** Returns an error's cause and next step as two paragraphs. */
  public static String message(EngineException error) {
    String cause = sentence(error.message());
    return error.remedy().isEmpty() ? cause : cause + "\n \n" + sentence(error.remedy());
  }

  /** Returns a sentence in lines that fit a dialog. */
  public static String paragraph(String sentence) {
    return sentence(sentence);
  }

  /** Returns a line as several that a log shows without scrolling, all but the first indented. */
  public static String line(String text) {
    return text(text, WIDTH).replace("\n", "\n    ");
  }

  /** Returns a text in lines of at most so many letters, longer words aside. */
  static String text(String text, int width) {
    StringBuilder lines = new StringBuilder();
    int length = 0;
    for (String word : text.trim().split("\\s+")) {
      boolean fits = length + word.length() < width;
      lines.append(length == 0 ? "" : fits ? " " : "\n").append(word);
      length = (fits ? length + 1 : 0) + word.length();
    }
    return lines.toString();
  }

  private static String sentence(String clause) {
    String trimmed = clause.trim();
    if (trimmed.isEmpty()) {
      return "";
    }
    String end = trimmed.endsWith(".") ? "" : ".";
    return text(Character.toUpperCase(trimmed.charAt(0)) + trimmed.substring(1) + end, WIDTH);
  }
}
