package io.github.drua.command;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** Finds what somebody meant to write. */
final class Suggestion {
  private Suggestion() {}

  /**
   * Returns the word that takes the fewest edits; none where even that has little in common with
   * what was written, as such advice leads astray.
   */
  static Optional<String> near(String written, Collection<String> words) {
    return words.stream()
        .min(Comparator.comparingInt(word -> edits(written, word)))
        .filter(word -> 2 * edits(written, word) <= Math.max(written.length(), word.length()));
  }

  /** Returns the number of letters to insert, delete or replace (Levenshtein). */
  private static int edits(String from, String to) {
    int[] previous = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int[] current = new int[to.length() + 1];
      current[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = previous[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
      }
      previous = current;
    }
    return previous[to.length()];
  }
}
