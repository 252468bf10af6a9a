package io.github.drua.environment;

/** The steps of making an environment, in their order. */
public enum Phase {
  /** Base Python, tool and disk. */
  LOOK("Looking for Python and room"),
  /** The empty environment. */
  MAKE("Making an empty environment"),
  /** The packages, from the network, the cache or a folder. */
  DOWNLOAD("Getting the packages"),
  /** The packages are unpacked. */
  INSTALL("Installing the packages"),
  /** The new engine runs a network on every device. */
  TRY("Trying the engine"),
  /** The new environment takes the place of the old one. */
  SWITCH("Taking it into use");

  private final String label;

  Phase(String label) {
    this.label = label;
  }

  /** Returns the name for people. */
  public String label() {
    return label;
  }
}
