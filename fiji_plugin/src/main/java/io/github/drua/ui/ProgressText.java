package io.github.drua.ui;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Progress in words: what is counted, how far it is, and how long the rest will take. */
final class ProgressText {
  private static final double SECONDS_BEFORE_ESTIMATE = 1;
  private static final double NANOS = 1e9;
  private static final Pattern UNIT = Pattern.compile("(.*) \\((MB|s)\\)");

  private String counted = "";
  private long started;
  private long from;

  /** Returns the text for a step of which so much is done now. */
  String of(String message, long current, long maximum) {
    if (maximum > 0 && !message.equals(counted)) {
      counted = message;
      started = System.nanoTime();
      // A download that is resumed begins where the last one ended.
      from = Math.max(0, current - 1);
    }
    double seconds = (System.nanoTime() - started) / NANOS;
    return text(message, current, maximum, seconds, from);
  }

  /** Returns for example {@code tile 12 of 40, 8 s left} or {@code downloading 3 of 9 MB}. */
  static String text(String message, long current, long maximum, double seconds, long from) {
    Matcher named = UNIT.matcher(message);
    boolean amount = named.matches();
    String what = amount ? named.group(1) : message;
    String unit = amount ? " " + named.group(2) : "";
    if (maximum <= 0) {
      return amount && current > 0 ? what + ", " + current + unit : what;
    }
    String one = !amount && what.endsWith("s") ? what.substring(0, what.length() - 1) : what;
    String text = one + " " + current + " of " + maximum + unit;
    if (current <= from || seconds < SECONDS_BEFORE_ESTIMATE) {
      return text;
    }
    return text + ", " + time(seconds / (current - from) * (maximum - current)) + " left";
  }

  private static String time(double seconds) {
    long whole = Math.round(seconds);
    return whole < 120 ? whole + " s" : Math.round(seconds / 60) + " min";
  }
}
