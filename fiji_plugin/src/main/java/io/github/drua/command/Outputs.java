package io.github.drua.command;

import java.util.Collection;
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
      if (name.trim().isEmpty()) {
        throw ModelParameters.error(
            "output is '" + list + "', but a name is missing beside a comma",
            "name one of " + String.join(", ", valid) + ", or leave the comma out");
      }
      String word = ModelParameters.word("output", name.trim(), valid);
      if (!named.add(word)) {
        throw ModelParameters.error("output names '" + word + "' twice", "name it once");
      }
    }
    Set<String> ordered = new LinkedHashSet<>(valid);
    ordered.retainAll(named);
    return ordered;
  }

  /**
   * Refuses what a run can return where it is written as an option of its own.
   *
   * @param keys the valid options, one of which may have the same name
   * @param valid what a run can return
   */
  static void refuseAsKeys(MacroOptions options, Collection<String> keys, List<String> valid) {
    for (String key : options.all().keySet()) {
      if (valid.contains(key) && !keys.contains(key)) {
        String others = options.get("output", "");
        throw ModelParameters.error(
            "'" + key + "' is not an option here, but something that output can name",
            "write output=[" + (others.isEmpty() ? "" : others + ",") + key + "]");
      }
    }
  }
}
