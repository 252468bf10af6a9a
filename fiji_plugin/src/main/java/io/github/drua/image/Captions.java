package io.github.drua.image;

import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import ij.ImagePlus;
import ij.ImageStack;

/** What is written on an image, the labels of its planes and its info: to the engine and back. */
public final class Captions {
  /** Characters of all labels, or of an info, above which the engine does not get the whole. */
  private static final int MOST = 1 << 20;

  private Captions() {}

  /**
   * Returns the labels of a region's planes in the order of the engine, none where no plane has
   * one, and the image's info.
   */
  public static JsonObject of(ImagePlus image, Region region) {
    String[] labels = labels(image, region);
    long length = 0;
    for (String label : labels) {
      length += label.length();
    }
    JsonArray told = new JsonArray();
    for (String label : length == 0 ? new String[0] : labels) {
      // With DICOM, the label of every plane is its whole header.
      told.add(length > MOST ? label.split("\n", 2)[0] : label);
    }
    String info = info(image);
    return new JsonObject()
        .add("labels", told)
        .add("info", info.substring(0, Math.min(info.length(), MOST)));
  }

  /** Returns the text that came with an image; empty if there is none. */
  static String info(ImagePlus image) {
    Object info = image.getProperty("Info");
    return info instanceof String ? (String) info : "";
  }

  /** Returns whether a map that the engine made is still the image it was made from. */
  static boolean areKept(JsonObject map) {
    JsonValue told = map.get("captions");
    return told != null && !told.isNull();
  }

  /** Returns the label of a plane of a map that the engine made; null if it has none. */
  static String label(JsonObject map, int plane) {
    if (!areKept(map)) {
      return null;
    }
    JsonArray labels = map.get("captions").asObject().get("labels").asArray();
    String label = labels.isEmpty() ? "" : labels.get(plane).asString();
    return label.isEmpty() ? null : label;
  }

  private static String[] labels(ImagePlus image, Region region) {
    if (image.getStackSize() == 1) {
      // The label of the only plane of a stack would be title and info.
      String label = image.getProp("Slice_Label");
      return new String[] {label == null ? "" : label};
    }
    ImageStack stack = image.getStack();
    int[] indices = region.indices(image);
    String[] labels = new String[indices.length];
    for (int i = 0; i < labels.length; i++) {
      String label = stack.getSliceLabel(indices[i]);
      labels[i] = label == null ? "" : label;
    }
    return labels;
  }
}
