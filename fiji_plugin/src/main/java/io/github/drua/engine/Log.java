package io.github.drua.engine;

import java.util.logging.Logger;

/** What nobody waits for, but somebody may look for: the console's log. */
final class Log {
  private static final Logger LOGGER = Logger.getLogger("io.github.drua");

  private Log() {}

  static void warn(String text) {
    LOGGER.warning(text);
  }
}
