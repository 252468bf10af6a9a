package io.github.drua.environment;

import java.util.Locale;

/** Sizes in the units that pip tells, too: powers of ten. */
public final class Sizes {
  static final long MEGABYTE = 1_000_000;
  private static final long KILOBYTE = 1_000;
  private static final long GIGABYTE = 1_000_000_000;

  private Sizes() {}

  /** Returns for example {@code 1.7 GB}. */
  public static String text(long bytes) {
    if (bytes >= GIGABYTE) {
      return String.format(Locale.ROOT, "%.1f GB", (double) bytes / GIGABYTE);
    }
    return bytes >= MEGABYTE ? bytes / MEGABYTE + " MB" : bytes / KILOBYTE + " kB";
  }

  /** Returns for example {@code 1.8 MB}: with tenths, for what is not counted up. */
  public static String precise(long bytes) {
    boolean few = bytes >= MEGABYTE && bytes < 10 * MEGABYTE;
    return few ? String.format(Locale.ROOT, "%.1f MB", (double) bytes / MEGABYTE) : text(bytes);
  }

  /** Returns the bytes of for example {@code 16.6 MB}; 0 for what is no size. */
  static long parse(String number, String unit) {
    long factor =
        unit.startsWith("G")
            ? GIGABYTE
            : unit.startsWith("M") ? MEGABYTE : unit.startsWith("k") ? KILOBYTE : 1;
    return Math.round(Double.parseDouble(number) * factor);
  }
}
