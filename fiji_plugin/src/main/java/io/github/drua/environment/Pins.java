package io.github.drua.environment;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The exact packages of a build, in portions to be downloaded. */
final class Pins {
  // Whoever is missing here is downloaded all the same, only together with the small ones.
  private static final Pattern LARGE =
      Pattern.compile(
          "nvidia-.*|torch|triton|onnxruntime.*|scipy|numpy|imagecodecs|scikit-image|pandas|pillow|pydantic-core");
  private static final Pattern END_OF_NAME = Pattern.compile("[=<>~!; \\[].*");

  private Pins() {}

  /**
   * Returns the lines of a file of pins in portions: each large package alone, so that a download
   * that breaks off costs one of them at most, and all small ones together.
   */
  static Collection<List<String>> portions(Path pins) throws IOException {
    Map<String, List<String>> portions = new LinkedHashMap<>();
    for (String line : Files.readAllLines(pins, StandardCharsets.UTF_8)) {
      String name = END_OF_NAME.matcher(line).replaceFirst("");
      // A package has a line for each range of Pythons; pip takes the one that is meant.
      String portion = LARGE.matcher(name).matches() ? name : "";
      if (!name.isEmpty()) {
        portions.computeIfAbsent(portion, key -> new ArrayList<>()).add(line);
      }
    }
    return portions.values();
  }
}
