package io.github.drua.image;

import io.github.drua.engine.Segment;

/** Planes of a segment back to arrays of ImageJ, as label images come back, but into warm memory. */
public final class CopyBack {
  private CopyBack() {}

  /** Copies all planes. */
  public static void planes(Segment segment, short[][] into) {
    long bytes = 2L * into[0].length;
    Planes.each(
        into.length,
        into.length * bytes,
        i -> segment.get(i * bytes, into[i], 0, into[i].length));
  }
}
