package io.github.drua.command;

import java.util.Map;
import java.util.stream.Collectors;

/** Writes what {@link MacroOptions} reads, and the macro line around it. */
final class OptionsText {
  private OptionsText() {}

  /** Returns the options as text; an exception if a value would not read back as it is. */
  static String of(Map<String, String> values) {
    return values.entrySet().stream()
        .map(entry -> option(entry.getKey(), entry.getValue()))
        .collect(Collectors.joining(" "));
  }

  /** Returns the statement that runs a command, in the macro language or as a script's call. */
  static String statement(String command, Map<String, String> values, boolean script) {
    return (script ? "IJ.run(" : "run(") + quoted(command) + ", " + quoted(of(values)) + ");\n";
  }

  private static String option(String key, String value) {
    MacroOptions.checkValue(key, value);
    boolean plain =
        !value.isEmpty()
            && value.chars().noneMatch(c -> Character.isWhitespace(c) || c == '[' || c == ']');
    return key + "=" + (plain ? value : "[" + value + "]");
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
