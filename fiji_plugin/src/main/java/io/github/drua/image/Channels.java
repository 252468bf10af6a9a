package io.github.drua.image;

import ij.ImagePlus;
import ij.ImageStack;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;

/** The channels of an image as people see them: colours are channels, labels of slices names. */
public final class Channels {
  private static final List<String> COLOURS =
      Collections.unmodifiableList(Arrays.asList("Red", "Green", "Blue"));

  private Channels() {}

  /** Returns whether the pixels are colours. */
  public static boolean areColours(ImagePlus image) {
    return PixelType.of(image).isColour();
  }

  /** Returns the number of channels: three in an image of colours. */
  public static int count(ImagePlus image) {
    return areColours(image) ? COLOURS.size() : image.getNChannels();
  }

  /** Returns a name for each channel; empty if there is one only, or they are not told apart. */
  public static List<String> names(ImagePlus image) {
    if (areColours(image)) {
      return COLOURS;
    }
    List<String> names = new ArrayList<>();
    for (int c = 1; c <= image.getNChannels(); c++) {
      names.add(commonLabel(image, c));
    }
    boolean telling = !names.contains(null) && new HashSet<>(names).size() == names.size();
    return names.size() > 1 && telling ? names : Collections.emptyList();
  }

  /** Returns the label of a channel's planes, some of which may have none; null if they differ. */
  private static String commonLabel(ImagePlus image, int channel) {
    ImageStack stack = image.getStack();
    String common = null;
    for (int t = 1; t <= image.getNFrames(); t++) {
      for (int z = 1; z <= image.getNSlices(); z++) {
        String label = stack.getShortSliceLabel(image.getStackIndex(channel, z, t));
        if (label != null && common != null && !label.equals(common)) {
          return null;
        }
        common = label == null ? common : label;
      }
    }
    return common;
  }
}
