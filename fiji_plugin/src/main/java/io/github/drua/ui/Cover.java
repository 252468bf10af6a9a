package io.github.drua.ui;

import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.swing.Icon;
import javax.swing.ImageIcon;

/** The picture on a model's package, or one that is drawn where there is none. */
final class Cover {
  private static final int LARGEST = 900;
  private static final Color PAPER = new Color(0xE4E9EE);
  private static final Color INK = new Color(0x6B7C8C);

  private final BufferedImage picture;
  private final String letter;

  private Cover(BufferedImage picture, String letter) {
    this.picture = picture;
    this.letter = letter;
  }

  /** Reads a picture; takes long, and never fails. */
  static Cover read(String path, String name) {
    String letter = name.isEmpty() ? "?" : name.substring(0, name.offsetByCodePoints(0, 1));
    return new Cover(path.isEmpty() ? null : picture(new File(path)), letter.toUpperCase());
  }

  /** Returns whether there is a picture. */
  boolean exists() {
    return picture != null;
  }

  /** Returns it as large as fits, in the middle of an icon of this size. */
  Icon icon(int width, int height) {
    BufferedImage icon = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
    Graphics2D canvas = icon.createGraphics();
    canvas.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    canvas.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    if (picture == null) {
      drawLetter(canvas, width, height);
    } else {
      Dimension size = fit(width, height);
      canvas.drawImage(
          halved(size.width),
          (width - size.width) / 2,
          (height - size.height) / 2,
          size.width,
          size.height,
          null);
    }
    canvas.dispose();
    return new ImageIcon(icon);
  }

  /** Returns the size of the picture inside a frame; never larger than the picture. */
  Dimension fit(int width, int height) {
    double scale =
        Math.min(
            1,
            Math.min((double) width / picture.getWidth(), (double) height / picture.getHeight()));
    return new Dimension(
        (int) Math.max(1, Math.round(scale * picture.getWidth())),
        (int) Math.max(1, Math.round(scale * picture.getHeight())));
  }

  /** Returns the picture halved as often as it stays wide enough: one step would leave out rows. */
  private BufferedImage halved(int width) {
    BufferedImage from = picture;
    while (from.getWidth() >= 2 * width && from.getHeight() >= 2) {
      BufferedImage half =
          new BufferedImage(from.getWidth() / 2, from.getHeight() / 2, BufferedImage.TYPE_INT_ARGB);
      Graphics2D canvas = half.createGraphics();
      canvas.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
      canvas.drawImage(from, 0, 0, half.getWidth(), half.getHeight(), null);
      canvas.dispose();
      from = half;
    }
    return from;
  }

  private void drawLetter(Graphics2D canvas, int width, int height) {
    canvas.setColor(PAPER);
    canvas.fillRoundRect(0, 0, width, height, 10, 10);
    canvas.setColor(INK);
    canvas.setFont(new Font(Font.SANS_SERIF, Font.BOLD, Math.min(width, height) / 2));
    canvas.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    FontMetrics metrics = canvas.getFontMetrics();
    int x = (width - metrics.stringWidth(letter)) / 2;
    canvas.drawString(letter, x, (height + metrics.getAscent() - metrics.getDescent()) / 2);
  }

  /** Returns a picture of bounded size, however large the file's is; null if it cannot be read. */
  private static BufferedImage picture(File file) {
    try (ImageInputStream stream = ImageIO.createImageInputStream(file)) {
      Iterator<ImageReader> readers =
          stream == null ? java.util.Collections.emptyIterator() : ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        return null;
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream, true, true);
        ImageReadParam param = reader.getDefaultReadParam();
        int step = 1 + Math.max(reader.getWidth(0), reader.getHeight(0)) / LARGEST;
        param.setSourceSubsampling(step, step, 0, 0);
        return reader.read(0, param);
      } finally {
        reader.dispose();
      }
    } catch (IOException | RuntimeException e) {
      return null; // a picture is an ornament: a spoiled one is as good as none
    }
  }
}
