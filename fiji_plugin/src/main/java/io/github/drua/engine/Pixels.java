package io.github.drua.engine;

import com.eclipsesource.json.JsonObject;

/** An image that can be written to a segment. */
public interface Pixels {
  /** Returns the image of the protocol without its segment and offset. */
  JsonObject header();

  /** Returns the size of the pixels in bytes. */
  long bytes();

  /**
   * Writes the pixels from offset 0 on, in the order that the header tells.
   *
   * @throws CancelledException if the progress asked to stop
   */
  void writeTo(Segment segment, Progress progress);
}
