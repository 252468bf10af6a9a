package io.github.drua.engine;

/** What kind of thing went wrong: the codes of the engine's {@code drua.errors}, and INTERNAL. */
public enum ErrorCode {
  DRUA,
  REQUEST,
  AXES,
  SHAPE,
  SETTING,
  UNKNOWN_MODEL,
  IMAGE,
  OUTPUT,
  SOURCE,
  MODEL,
  CARD,
  WEIGHTS_MISSING,
  HASH,
  UNTRUSTED_MODEL,
  BACKEND,
  BACKEND_MISSING,
  DEVICE,
  DEVICE_MEMORY,
  BRIDGE,
  PROTOCOL,
  SEGMENT,
  WORKER_DIED,
  /** An error that nobody foresaw. */
  INTERNAL;

  /** Returns the code of this name; {@link #INTERNAL} for a name from a newer engine. */
  public static ErrorCode of(String name) {
    for (ErrorCode code : values()) {
      if (code.name().equals(name)) {
        return code;
      }
    }
    return INTERNAL;
  }
}
