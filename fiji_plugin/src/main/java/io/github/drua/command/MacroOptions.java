package io.github.drua.command;

import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The options of a command: words like {@code key=value}, {@code key=[a value with spaces]} and
 * {@code flag}.
 *
 * <p>ImageJ's own parser finds keys inside values, takes the first of two, ignores what it does not
 * know and changes brackets when it replays. This one reads every letter or refuses.
 */
public final class MacroOptions {
  private final Map<String, String> values;

  private MacroOptions(Map<String, String> values) {
    this.values = values;
  }

  /** Returns the options that a text holds; blanks alone are no options. */
  public static MacroOptions parse(String text) {
    Map<String, String> values = new LinkedHashMap<>();
    int at = skipBlanks(text, 0);
    while (at < text.length()) {
      int end = endOfKey(text, at);
      String key = text.substring(at, end);
      checkKey(key, text.substring(at, endOfWord(text, at)));
      String value = "true";
      at = end;
      if (at < text.length() && text.charAt(at) == '=') {
        end = endOfValue(text, at + 1, key);
        value = value(text, at + 1, end, key);
        at = end;
      }
      put(values, key, value);
      at = skipBlanks(text, at);
    }
    return new MacroOptions(values);
  }

  /** Returns these options and others; a key may be in one of them only. */
  MacroOptions and(MacroOptions others) {
    Map<String, String> all = new LinkedHashMap<>(values);
    others.values.forEach((key, value) -> put(all, key, value));
    return new MacroOptions(all);
  }

  /** Returns options with the values of a map. */
  public static MacroOptions of(Map<String, String> values) {
    MacroOptions options = new MacroOptions(new LinkedHashMap<>());
    values.forEach((key, value) -> put(options.values, key, value));
    return options;
  }

  /** Returns the value of a key, or else what stands for an absent one. */
  String get(String key, String absent) {
    return values.getOrDefault(key, absent);
  }

  /** Returns keys and values in the order in which they were written. */
  Map<String, String> all() {
    return Collections.unmodifiableMap(values);
  }

  /** Refuses every key but these. */
  void allowOnly(Collection<String> keys) {
    for (String key : values.keySet()) {
      if (!keys.contains(key)) {
        throw error(
            "'" + key + "' is not an option here",
            Suggestion.near(key, keys)
                .map(meant -> "write " + meant + " (there are " + listed(keys) + ")")
                .orElse("write one of " + listed(keys)));
      }
    }
  }

  private static String listed(Collection<String> keys) {
    return String.join(", ", keys);
  }

  /** Refuses a value that does not read back as it is written. */
  static void checkValue(String key, String value) {
    if (value.startsWith("&")) {
      throw error(
          key + " is '" + value + "', but a value must not begin with &",
          "join the macro's variable to the options: \"" + key + "=[\" + variable + \"]\"");
    }
    if (value.chars().anyMatch(Character::isISOControl)) {
      throw error(key + " has a line break or another control character", "write it in one line");
    }
    if (!isBalanced(value)) {
      throw error(
          key + " is '" + value + "', but each [ needs its ]", "choose a name without brackets");
    }
  }

  private static boolean isBalanced(String value) {
    int depth = 0;
    for (int i = 0; i < value.length() && depth >= 0; i++) {
      depth += value.charAt(i) == '[' ? 1 : value.charAt(i) == ']' ? -1 : 0;
    }
    return depth == 0;
  }

  private static void put(Map<String, String> values, String key, String value) {
    checkValue(key, value);
    if (values.putIfAbsent(key, value) != null) {
      throw error(key + " is given twice", "write it once");
    }
  }

  private static void checkKey(String key, String word) {
    if (!key.matches("[a-z][a-z0-9_]*")) {
      throw error(
          "'" + word + "' does not begin with a lower-case name",
          "write options like key=value, and values with blanks in [brackets]");
    }
  }

  private static int skipBlanks(String text, int at) {
    int next = at;
    while (next < text.length() && Character.isWhitespace(text.charAt(next))) {
      next++;
    }
    return next;
  }

  private static int endOfWord(String text, int at) {
    int end = at;
    while (end < text.length() && !Character.isWhitespace(text.charAt(end))) {
      end++;
    }
    return end;
  }

  private static int endOfKey(String text, int at) {
    int end = text.indexOf('=', at);
    int word = endOfWord(text, at);
    return end < 0 ? word : Math.min(end, word);
  }

  private static int endOfValue(String text, int at, String key) {
    if (at >= text.length() || text.charAt(at) != '[') {
      return endOfWord(text, at);
    }
    int depth = 0;
    for (int i = at; i < text.length(); i++) {
      depth += text.charAt(i) == '[' ? 1 : text.charAt(i) == ']' ? -1 : 0;
      if (depth == 0) {
        return i + 1;
      }
    }
    throw error(key + " begins with [, but no ] ends it", "close the bracket");
  }

  private static String value(String text, int from, int to, String key) {
    String written = text.substring(from, to);
    if (written.isEmpty()) {
      throw error(key + "= has no value", "write it, or [] for an empty one");
    }
    if (!written.startsWith("[")) {
      return written;
    }
    if (to < text.length() && !Character.isWhitespace(text.charAt(to))) {
      throw error(
          "'" + text.substring(to, endOfWord(text, to)) + "' follows the ] of " + key,
          "leave a blank between two options");
    }
    return written.substring(1, written.length() - 1);
  }

  private static EngineException error(String message, String remedy) {
    return new EngineException(ErrorCode.SETTING, message, remedy);
  }
}
