package io.github.drua.environment;

/** What a person or a macro says about the environment to make; empty texts where nothing. */
public final class Choice {
  private final String python;
  private final String wheels;
  private final Build build;

  /**
   * Creates a choice.
   *
   * @param python a Python to start from; empty to look for one
   * @param wheels a folder that all packages come from, without network; empty for the network
   * @param build the build; null to look what fits
   */
  public Choice(String python, String wheels, Build build) {
    this.python = python.trim();
    this.wheels = wheels.trim();
    this.build = build;
  }

  String python() {
    return python;
  }

  String wheels() {
    return wheels;
  }

  Build build() {
    return build;
  }
}
