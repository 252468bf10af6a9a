package io.github.drua.command;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a run returns, as options name it: words with commas between them. */
final class Outputs {
  private Outputs() {}

  /**
   * Returns the words of a list in the order of the valid ones, so that the same choice is always
   * written the same.
   *
   * @throws io.github.drua.engine.EngineException if a word is unknown or there twice
   */
  static Set<String> of(String list, List<String> valid) {
    ModelParameters.notEmpty("output", list);
    Set<String> named = new LinkedHashSet<>();
    for (String name : list.split(",", -1)) {
      String word = ModelParameters.word("output", name.trim(), valid.toArray(new String[0]));
      if (!named.add(word)) {
        throw ModelParameters.error("output names '" + word + "' twice", "name it once");
      }
    }
    Set<String> ordered = new LinkedHashSet<>(valid);
    ordered.retainAll(named);
    return ordered;
  }
}
