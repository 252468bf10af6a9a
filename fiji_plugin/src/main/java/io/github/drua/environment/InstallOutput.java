package io.github.drua.environment;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Understands what pip and uv write while they install; what it does not know it leaves alone. */
final class InstallOutput {
  private static final Pattern FILE =
      Pattern.compile(
          "\\s*(?:Downloading|Using cached) (?:\\S*/)?([\\w.]+)-\\S+ \\(([\\d.]+) (\\w+)\\)");
  private static final Pattern UV_FILE =
      Pattern.compile("\\s*Downloading (\\S+) \\(([\\d.]+)(\\w+)\\)");
  private static final Pattern LOCAL =
      Pattern.compile("Processing .*?([\\w.]+)-[\\d.]+\\S*\\.whl.*");
  private static final Pattern PROGRESS = Pattern.compile("Progress (\\d+) of (\\d+)");
  private static final Pattern ERROR = Pattern.compile("\\s*(?:ERROR|error|×|╰─▶)[: ]\\s*(.+)");
  private static final int ERRORS_SHOWN = 3;

  private final long expected;
  private final BuildProgress progress;
  private final List<String> errors = new ArrayList<>();
  private Phase phase = Phase.DOWNLOAD;
  private String file = "";
  private long size;
  private long before;
  private int files;

  /**
   * Starts to listen.
   *
   * @param expected about how many bytes will be downloaded
   */
  InstallOutput(long expected, BuildProgress progress) {
    this.expected = expected;
    this.progress = progress;
  }

  /** Learns that everything is there, and is installed now. */
  void installing() {
    phase = Phase.INSTALL;
    files = 0;
    progress.update(phase, "", -1);
  }

  /** Takes a line. */
  void line(String line) {
    Matcher bytes = PROGRESS.matcher(line);
    if (bytes.matches()) {
      tellBytes(Long.parseLong(bytes.group(1)), Long.parseLong(bytes.group(2)));
      return;
    }
    progress.line(line);
    Matcher error = ERROR.matcher(line);
    if (error.matches()) {
      errors.add(error.group(1).trim());
    } else if (line.startsWith("Prepared ")) {
      installing(); // uv downloads and installs in one go
      progress.update(phase, count(line) + " packages", -1);
    } else if (phase == Phase.INSTALL && line.startsWith("Installing collected packages")) {
      progress.update(phase, count(line) + " packages", -1);
    } else {
      readFile(line);
    }
  }

  private void readFile(String line) {
    for (Pattern pattern : new Pattern[] {FILE, UV_FILE}) {
      Matcher found = pattern.matcher(line);
      if (found.matches()) {
        begin(found.group(1), Sizes.parse(found.group(2), found.group(3)));
        return;
      }
    }
    Matcher local = LOCAL.matcher(line);
    if (local.matches()) {
      begin(local.group(1), 0);
    }
  }

  private void begin(String name, long bytes) {
    before += size;
    file = name;
    size = bytes;
    files++;
    String text = name + (bytes == 0 ? "" : ", " + Sizes.text(bytes));
    progress.update(phase, text + " (package " + files + ")", fraction(0));
  }

  private void tellBytes(long done, long all) {
    String text = file + ", " + Sizes.text(done) + " of " + Sizes.text(all);
    progress.update(phase, text + " (package " + files + ")", fraction(done));
  }

  private double fraction(long done) {
    // The expected size is an estimate: the bar must not stand at its end while packages come.
    return phase == Phase.INSTALL || before + done == 0
        ? -1
        : Math.min(0.98, (double) (before + done) / expected);
  }

  private static int count(String line) {
    return line.startsWith("Prepared ")
        ? Integer.parseInt(line.replaceAll("\\D*(\\d+).*", "$1"))
        : line.split(",").length;
  }

  /** Returns the errors that were written, or that there were none. */
  String errors() {
    return errors.isEmpty()
        ? "it did not say why"
        : String.join("; ", errors.subList(0, Math.min(ERRORS_SHOWN, errors.size())));
  }
}
