package io.github.drua.command;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The commands of this plugin, as {@code plugins.config} lists them for ImageJ's menus. */
final class OwnCommands {
  private static final String LIST = "plugins.config";
  private static final Pattern LINE =
      Pattern.compile("[^#\"]*\"([^\"]+)\",\\s*(io\\.github\\.drua\\.[\\w.]+)");

  private OwnCommands() {}

  /** Returns the class of each command by its label. */
  static Map<String, String> classes() {
    Map<String, String> classes = new LinkedHashMap<>();
    try {
      // Every plugin of a Fiji has such a file; lines of others name other packages.
      ClassLoader loader = OwnCommands.class.getClassLoader();
      for (URL file : Collections.list(loader.getResources(LIST))) {
        read(file, classes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return classes;
  }

  private static void read(URL file, Map<String, String> classes) throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(file.openStream(), StandardCharsets.UTF_8))) {
      lines
          .lines()
          .map(LINE::matcher)
          .filter(Matcher::lookingAt)
          .forEach(line -> classes.put(line.group(1), line.group(2)));
    }
  }
}
