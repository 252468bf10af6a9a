package io.github.drua.image;

import com.eclipsesource.json.JsonObject;
import io.github.drua.engine.Result;
import io.github.drua.engine.Segment;
import java.awt.geom.Path2D;
import java.util.stream.IntStream;

/**
 * The outlines of a result, one for each plane that an object is on: label, plane and rings, in
 * pixel corners of the whole image.
 *
 * <p>Rings of outline i are {@code parts[i]} to {@code parts[i + 1]}, vertices of ring r are {@code
 * points[r]} to {@code points[r + 1]}.
 */
final class Outlines {
  private final int[] planes;
  private final int[] labels;
  private final int[] parts;
  private final int[] points;
  private final int[] xy;
  private final Region region;

  private Outlines(JsonObject arrays, Segment segment, Region region) {
    planes = ints(arrays.get("planes").asObject(), segment);
    labels = ints(arrays.get("labels").asObject(), segment);
    parts = ints(arrays.get("parts").asObject(), segment);
    points = ints(arrays.get("points").asObject(), segment);
    xy = ints(arrays.get("xy").asObject(), segment);
    this.region = region;
    checkRows(parts, planes.length, points.length - 1);
    checkRows(points, points.length - 1, xy.length / 2);
    checkPlanes();
    checkLabels();
  }

  /** Checks that rows of an array, told by where each begins, are in order and inside it. */
  private static void checkRows(int[] starts, int rows, int length) {
    boolean fits = starts.length == rows + 1 && starts[0] == 0 && starts[rows] == length;
    for (int i = 0; fits && i < rows; i++) {
      fits = starts[i] <= starts[i + 1];
    }
    if (!fits) {
      throw new IndexOutOfBoundsException("the rows of the outlines do not fit together");
    }
  }

  private void checkPlanes() {
    int count = region.slices * region.frames;
    for (int plane : planes) {
      if (plane < 0 || plane >= count) {
        throw new IndexOutOfBoundsException("plane " + plane + " of " + count);
      }
    }
  }

  private void checkLabels() {
    if (labels.length != planes.length) {
      throw new IndexOutOfBoundsException(
          labels.length + " labels on " + planes.length + " planes");
    }
    for (int label : labels) {
      if (label < 1) {
        throw new IndexOutOfBoundsException("label " + label + " is no object");
      }
    }
  }

  /** Returns the outlines of a result on a region; the result may be given back afterwards. */
  static Outlines of(Result result, Region region) {
    return new Outlines(result.outputs().get("outlines").asObject(), result.segment(), region);
  }

  /** Returns the number of outlines. */
  int size() {
    return planes.length;
  }

  /** Returns whether any object is on several planes. */
  boolean spanPlanes() {
    return IntStream.of(labels).distinct().count() < labels.length;
  }

  /** Returns the label of the object that an outline belongs to. */
  int label(int outline) {
    return labels[outline];
  }

  /** Returns the slice of an outline in the whole image, from 1. */
  int slice(int outline) {
    return region.firstSlice + planes[outline] % region.slices + 1;
  }

  /** Returns the frame of an outline in the whole image, from 1. */
  int frame(int outline) {
    return region.firstFrame + planes[outline] / region.slices + 1;
  }

  /** Returns the number of rings of an outline: outer ones and holes. */
  int rings(int outline) {
    return parts[outline + 1] - parts[outline];
  }

  /** Returns every other coordinate of the first ring: x for an axis of 0, y for 1. */
  int[] firstRing(int outline, int axis) {
    int first = points[parts[outline]];
    int[] coordinates = new int[points[parts[outline] + 1] - first];
    for (int i = 0; i < coordinates.length; i++) {
      coordinates[i] = xy[2 * (first + i) + axis];
    }
    return coordinates;
  }

  /** Adds the rings of an outline to a path. */
  void addTo(Path2D path, int outline) {
    for (int ring = parts[outline]; ring < parts[outline + 1]; ring++) {
      for (int i = points[ring]; i < points[ring + 1]; i++) {
        if (i == points[ring]) {
          path.moveTo(xy[2 * i], xy[2 * i + 1]);
        } else {
          path.lineTo(xy[2 * i], xy[2 * i + 1]);
        }
      }
      path.closePath();
    }
  }

  private static int[] ints(JsonObject array, Segment segment) {
    int length = array.get("shape").asArray().get(0).asInt();
    segment.check(length, Integer.BYTES);
    int[] values = new int[length];
    segment.get(array.getLong("offset", 0), values, 0, values.length);
    return values;
  }
}
