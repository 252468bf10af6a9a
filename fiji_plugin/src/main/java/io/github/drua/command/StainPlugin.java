package io.github.drua.command;

/** The menu entry and macro command {@code Drua Virtual Stain...}: predicts a stain. */
public final class StainPlugin extends ImagePlugin {
  static final String COMMAND = "Drua Virtual Stain...";

  /** Creates the command. */
  public StainPlugin() {
    super(ImageTask.STAIN);
  }
}
