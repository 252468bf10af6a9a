package io.github.drua.image;

import ij.process.LUT;
import java.awt.Color;
import java.util.Arrays;
import java.util.Random;

/**
 * A look-up table for label images: black for the background, then 255 colours of which each is as
 * far as possible from those before it (after Glasbey et al. 2007).
 */
final class LabelColours {
  private static final int COLOURS = 256;
  private static final int CANDIDATES = 3000;
  private static final long SEED = 17;

  // Picking takes longer than all else that a label image needs.
  private static final LUT PICKED = table(pick(candidates()));

  private LabelColours() {}

  /** Returns a look-up table of its own for an image; the colours are the same in every run. */
  static LUT create() {
    return (LUT) PICKED.clone();
  }

  private static LUT table(int[] colours) {
    byte[] reds = new byte[COLOURS];
    byte[] greens = new byte[COLOURS];
    byte[] blues = new byte[COLOURS];
    for (int i = 1; i < COLOURS; i++) {
      Color colour = new Color(colours[i]);
      reds[i] = (byte) colour.getRed();
      greens[i] = (byte) colour.getGreen();
      blues[i] = (byte) colour.getBlue();
    }
    return new LUT(reds, greens, blues);
  }

  private static int[] candidates() {
    // Bright and saturated enough to stand out against the black background.
    Random random = new Random(SEED);
    int[] colours = new int[CANDIDATES];
    for (int i = 0; i < CANDIDATES; i++) {
      float saturation = 0.35f + 0.65f * random.nextFloat();
      float brightness = 0.55f + 0.45f * random.nextFloat();
      colours[i] = Color.HSBtoRGB(random.nextFloat(), saturation, brightness);
    }
    return colours;
  }

  /** Returns black and then, again and again, the candidate that is farthest from all picked. */
  private static int[] pick(int[] candidates) {
    int[] picked = new int[COLOURS];
    double[] distances = new double[candidates.length];
    Arrays.fill(distances, Double.MAX_VALUE);
    for (int i = 1; i < COLOURS; i++) {
      int farthest = 0;
      for (int j = 0; j < candidates.length; j++) {
        distances[j] = Math.min(distances[j], distance(candidates[j], picked[i - 1]));
        farthest = distances[j] > distances[farthest] ? j : farthest;
      }
      picked[i] = candidates[farthest];
    }
    return picked;
  }

  /** Returns a cheap estimate of how different two colours look ("redmean"). */
  private static double distance(int first, int second) {
    Color a = new Color(first);
    Color b = new Color(second);
    double mean = (a.getRed() + b.getRed()) / 2.0;
    double red = a.getRed() - b.getRed();
    double green = a.getGreen() - b.getGreen();
    double blue = a.getBlue() - b.getBlue();
    return (2 + mean / 256) * red * red
        + 4 * green * green
        + (2 + (255 - mean) / 256) * blue * blue;
  }
}
