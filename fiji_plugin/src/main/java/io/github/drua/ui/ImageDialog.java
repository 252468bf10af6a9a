package io.github.drua.ui;

import ij.ImagePlus;
import ij.gui.GenericDialog;
import io.github.drua.command.Card;
import io.github.drua.command.ImageParameters;
import io.github.drua.command.ImageTask;
import io.github.drua.command.MacroOptions;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Asks a person how to denoise or stain an image, and what to show of the result. */
public final class ImageDialog extends ModelDialog<ImageParameters> {
  private static final Map<ImageTask, List<String>> OUTPUT_LABELS = outputLabels();
  private static final Map<ImageTask, String> STARTS = starts();
  private static final String[] TYPE_LABELS = {"32-bit", "as the image (rounded, limited)"};

  private final ImageTask task;

  /** Prepares to ask about an image. */
  public ImageDialog(ImageTask task, ImagePlus image, List<Card> cards, List<String> devices) {
    super(
        task.command().replace("...", ""),
        STARTS.get(task),
        task.firstChoice(),
        image,
        cards,
        devices);
    this.task = task;
  }

  private static Map<ImageTask, List<String>> outputLabels() {
    Map<ImageTask, List<String>> labels = new EnumMap<>(ImageTask.class);
    labels.put(
        ImageTask.DENOISE,
        Collections.unmodifiableList(
            Arrays.asList(
                "Denoised image", "Difference (input minus result)", "Report in the Log window")));
    labels.put(
        ImageTask.STAIN,
        Collections.unmodifiableList(
            Arrays.asList("Stain on its own", "Stain appended to the image")));
    return labels;
  }

  private static Map<ImageTask, String> starts() {
    Map<ImageTask, String> starts = new EnumMap<>(ImageTask.class);
    starts.put(ImageTask.DENOISE, "Denoise");
    starts.put(ImageTask.STAIN, "Stain");
    return starts;
  }

  @Override
  ImageParameters read(MacroOptions options, Card card) {
    return ImageParameters.from(task, options, card);
  }

  /** A denoiser of one channel takes all of them, one after the other. */
  @Override
  boolean takesEachChannel() {
    return task == ImageTask.DENOISE;
  }

  @Override
  void addMore(GenericDialog dialog) {
    if (!task.types().isEmpty()) {
      addChoice(dialog, "type", "Type of result", TYPE_LABELS, task.types(), task.types().get(0));
    }
    addOutputs(dialog, OUTPUT_LABELS.get(task), task.outputs(), task.outputs().get(0));
  }
}
