package io.github.drua.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The last lines of a log, however long the log is. */
final class LogTail {
  private static final int LINES = 200;
  private static final int CHARACTERS = 16 << 10;

  private final Deque<String> lines = new ArrayDeque<>();
  private int characters;

  synchronized void add(String line) {
    lines.addLast(line);
    characters += line.length() + 1;
    while (lines.size() > LINES || (characters > CHARACTERS && lines.size() > 1)) {
      characters -= lines.removeFirst().length() + 1;
    }
  }

  /** Returns all that is kept. */
  synchronized String text() {
    return String.join("\n", lines);
  }

  /** Returns the last lines that are not blank, for use inside a message. */
  synchronized String last(int count) {
    List<String> last = new ArrayList<>();
    for (String line : lines) {
      if (!line.trim().isEmpty()) {
        last.add(line);
      }
    }
    return String.join("\n", last.subList(Math.max(0, last.size() - count), last.size()));
  }
}
