package io.github.drua.command;

/** The menu entry and macro command {@code Drua Denoise...}: removes noise. */
public final class DenoisePlugin extends ImagePlugin {
  static final String COMMAND = "Drua Denoise...";

  /** Creates the command. */
  public DenoisePlugin() {
    super(ImageTask.DENOISE);
  }
}
