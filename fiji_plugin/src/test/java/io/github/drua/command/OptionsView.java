package io.github.drua.command;

/** Shows options to tests of other packages. */
public final class OptionsView {
  private OptionsView() {}

  /** Returns options as a macro would write them. */
  public static String text(MacroOptions options) {
    return OptionsText.of(options.all());
  }
}
