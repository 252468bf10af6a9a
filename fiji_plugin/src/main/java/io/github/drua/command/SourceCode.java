package io.github.drua.command;

import com.eclipsesource.json.JsonObject;

/** Python source that comes with a model, for a person to read. */
public final class SourceCode {
  private final JsonObject json;

  SourceCode(JsonObject json) {
    this.json = json;
  }

  /** Returns the name of the file. */
  public String file() {
    return Fields.text(json, "file");
  }

  /** Returns the SHA-256 of the file in hexadecimal digits. */
  public String sha256() {
    return Fields.text(json, "sha256");
  }

  /** Returns a sentence that tells why the model needs it. */
  public String why() {
    return Fields.text(json, "why");
  }

  /**
   * Returns the source as it can be shown: letters that hide or turn around others are written as
   * {@code \}{@code u202e}.
   */
  public String text() {
    StringBuilder shown = new StringBuilder();
    Fields.text(json, "text")
        .replace("\r\n", "\n")
        .codePoints()
        .forEach(
            letter -> {
              if (isVisible(letter)) {
                shown.appendCodePoint(letter);
              } else {
                shown.append(String.format("\\u%04x", letter));
              }
            });
    return shown.toString();
  }

  private static boolean isVisible(int letter) {
    int type = Character.getType(letter);
    return letter == '\n'
        || letter == '\t'
        || (type != Character.CONTROL
            && type != Character.FORMAT
            && type != Character.UNASSIGNED
            && type != Character.PRIVATE_USE
            && type != Character.SURROGATE);
  }
}
