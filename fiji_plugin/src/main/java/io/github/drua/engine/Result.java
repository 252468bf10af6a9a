package io.github.drua.engine;

import com.eclipsesource.json.JsonObject;

/** What an operation returned; its arrays lie in a segment that must be given back. */
public final class Result implements AutoCloseable {
  private final JsonObject outputs;
  private final Segment segment;
  private Segments owner;

  Result(JsonObject outputs, Segment segment, Segments owner) {
    this.outputs = outputs;
    this.segment = segment;
    this.owner = owner;
  }

  /** Returns the outputs of the operation. */
  public JsonObject outputs() {
    return outputs;
  }

  /** Returns the segment that the outputs refer to; null if they have no arrays. */
  public Segment segment() {
    return segment;
  }

  /** Gives the segment back: its content must not be read any more. */
  @Override
  public synchronized void close() {
    if (owner != null && segment != null) {
      owner.giveBack(segment);
    }
    owner = null;
  }
}
