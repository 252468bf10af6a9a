package io.github.drua.command;

import ij.ImagePlus;
import java.util.Map;
import org.scijava.ItemIO;
import org.scijava.command.Command;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;

/** Virtual staining for scripts. */
@Plugin(type = Command.class, headless = true)
public final class StainCommand extends ImageCommand {
  @Parameter(type = ItemIO.OUTPUT)
  private ImagePlus stained;

  @Parameter(type = ItemIO.OUTPUT)
  private ImagePlus appended;

  /** Creates the command. */
  public StainCommand() {
    super(ImageTask.STAIN);
  }

  @Override
  void take(Map<String, ImagePlus> images) {
    stained = images.get("stained");
    appended = images.get("appended");
  }
}
