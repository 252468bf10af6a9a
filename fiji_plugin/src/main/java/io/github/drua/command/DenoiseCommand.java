package io.github.drua.command;

import ij.ImagePlus;
import java.util.Map;
import org.scijava.ItemIO;
import org.scijava.command.Command;
import org.scijava.plugin.Parameter;
import org.scijava.plugin.Plugin;

/** Denoising for scripts. */
@Plugin(type = Command.class, headless = true)
public final class DenoiseCommand extends ImageCommand {
  @Parameter(persist = false, required = false)
  private String type = ImageTask.DENOISE.types().get(0);

  @Parameter(type = ItemIO.OUTPUT)
  private ImagePlus denoised;

  @Parameter(type = ItemIO.OUTPUT)
  private ImagePlus difference;

  /** Creates the command. */
  public DenoiseCommand() {
    super(ImageTask.DENOISE);
  }

  @Override
  void addMore(Map<String, String> options) {
    options.put("type", type);
  }

  @Override
  void take(Map<String, ImagePlus> images) {
    denoised = images.get("denoised");
    difference = images.get("difference");
  }
}
