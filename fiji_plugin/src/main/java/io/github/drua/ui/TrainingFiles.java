package io.github.drua.ui;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/**
 * What a training writes for people while it runs: a picture and a table of losses. The engine
 * replaces each in one step, so that a file is never half of one.
 */
final class TrainingFiles {
  private final File picture;
  private final File table;
  private long shown;

  TrainingFiles(File training) {
    picture = new File(training, "training.png");
    table = new File(training, "training.csv");
    // What an earlier training left is no news.
    shown = picture.lastModified();
  }

  /** Returns the picture if it is another one than before; null if it is not. */
  BufferedImage news() {
    long modified = picture.lastModified();
    if (modified == 0 || modified == shown) {
      return null;
    }
    try {
      // All at once: as long as a file is open, Windows does not let the engine replace it.
      BufferedImage read =
          ImageIO.read(new ByteArrayInputStream(Files.readAllBytes(picture.toPath())));
      shown = modified;
      return read;
    } catch (IOException e) {
      return null; // the next look has it
    }
  }

  /** Returns in words how far the error has fallen; empty before the first look at it. */
  String losses() {
    try {
      List<String> lines =
          Arrays.asList(
              new String(Files.readAllBytes(table.toPath()), StandardCharsets.UTF_8).split("\\R"));
      return lines.size() < 2 ? "" : words(lines.get(0), lines.get(1), lines.get(lines.size() - 1));
    } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
      return ""; // the next look has it
    }
  }

  private static String words(String header, String first, String last) {
    List<String> names = Arrays.asList(header.split(","));
    int step = names.indexOf("step");
    int loss = names.indexOf("validation");
    return String.format(
        Locale.ROOT,
        "After %s steps the error on parts that are not learnt from is %.3g%s.",
        last.split(",")[step],
        Double.parseDouble(last.split(",")[loss]),
        first.equals(last)
            ? ""
            : String.format(
                Locale.ROOT,
                "; after %s steps it was %.3g",
                first.split(",")[step],
                Double.parseDouble(first.split(",")[loss])));
  }
}
