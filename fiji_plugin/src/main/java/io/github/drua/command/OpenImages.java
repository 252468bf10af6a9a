package io.github.drua.command;

import ij.ImagePlus;
import ij.WindowManager;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The images that are open, in windows or in batch mode, and what options call them. */
public final class OpenImages {
  private OpenImages() {}

  /**
   * Checks that an image still has its pixels: a macro, or a person, may have closed it meanwhile.
   *
   * @throws EngineException if it was closed
   */
  public static void checkKept(ImagePlus image) {
    if (image.getProcessor() == null) {
      throw new EngineException(
          ErrorCode.IMAGE,
          "the image '" + image.getTitle() + "' was closed",
          "open it again, and keep it open until the command is done");
    }
  }

  /** Returns all of them. */
  static List<ImagePlus> all() {
    int[] ids = WindowManager.getIDList(); // with those of batch mode
    List<ImagePlus> images = new ArrayList<>();
    for (int id : ids == null ? new int[0] : ids) {
      ImagePlus image = WindowManager.getImage(id);
      if (image != null) {
        images.add(image);
      }
    }
    return images;
  }

  /** Returns what each of them is called; see {@link #name}. */
  public static List<String> names() {
    return all().stream().map(OpenImages::name).collect(Collectors.toList());
  }

  /** Returns what options call an image: its title, or its ID where others have the same title. */
  public static String name(ImagePlus image) {
    return titled(image.getTitle()).size() > 1 ? Integer.toString(image.getID()) : image.getTitle();
  }

  /**
   * Returns the image that an option names.
   *
   * @param key the option, for messages
   * @param name a title or an ID
   * @throws EngineException if there is none, or more than one
   */
  static ImagePlus find(String key, String name) {
    List<ImagePlus> found = titled(name);
    if (found.isEmpty()) {
      found = withId(name);
    }
    if (found.isEmpty()) {
      throw error(key + " is '" + name + "', but no open image has this title", remedy(key));
    }
    if (found.size() > 1) {
      String ids =
          found.stream()
              .map(image -> Integer.toString(image.getID()))
              .collect(Collectors.joining(", "));
      throw error(
          key + " is '" + name + "', but " + found.size() + " open images have this title",
          "write " + key + "=ID with the number that getImageID() gives (" + ids + ")");
    }
    return found.get(0);
  }

  private static List<ImagePlus> titled(String title) {
    return all().stream()
        .filter(image -> image.getTitle().equals(title))
        .collect(Collectors.toList());
  }

  private static List<ImagePlus> withId(String id) {
    return all().stream()
        .filter(image -> Integer.toString(image.getID()).equals(id))
        .collect(Collectors.toList());
  }

  /** Returns the error of a further input without an image. */
  static EngineException missing(Card card, Input input) {
    return error(
        "model '" + card.id() + "' takes a further image, but " + input.key() + " names none",
        remedy(input.key()));
  }

  private static String remedy(String key) {
    List<String> open = names();
    return open.isEmpty()
        ? "open the image first"
        : "write " + key + "=[title] of an open image (" + String.join(", ", open) + ")";
  }

  private static EngineException error(String message, String remedy) {
    return new EngineException(ErrorCode.SETTING, message, remedy);
  }
}
