package io.github.drua.ui;

import io.github.drua.command.Card;
import io.github.drua.command.Inventory;
import io.github.drua.engine.EngineException;
import io.github.drua.environment.Sizes;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import javax.swing.Icon;

/** A line of the list of models: a model, or a folder that cannot be read. */
final class ModelEntry {
  static final int ICON = 72;

  private final Card card;
  private final String folder;
  private final EngineException problem;
  private final Cover cover;
  private final Icon icon;

  private ModelEntry(Card card, String folder, EngineException problem, Cover cover) {
    this.card = card;
    this.folder = folder;
    this.problem = problem;
    this.cover = cover;
    icon = cover.icon(ICON, ICON);
  }

  /** Returns all models, then what cannot be read; reads the pictures, which takes long. */
  static List<ModelEntry> of(Inventory inventory) {
    List<ModelEntry> entries = new ArrayList<>();
    inventory.cards().forEach(card -> entries.add(of(card)));
    inventory
        .broken()
        .forEach(
            (folder, why) -> entries.add(new ModelEntry(null, folder, why, Cover.read("", "!"))));
    return entries;
  }

  /** Returns the line of one model; reads its picture. */
  static ModelEntry of(Card card) {
    Cover cover = Cover.read(card.cover(), card.name());
    return new ModelEntry(card, card.folder(), card.problem(), cover);
  }

  /** Returns the card; null for what cannot be read. */
  Card card() {
    return card;
  }

  /** Returns the id; empty for what cannot be read. */
  String id() {
    return card == null ? "" : card.id();
  }

  String name() {
    return card == null ? new File(folder).getName() : card.name();
  }

  String folder() {
    return folder;
  }

  /** Returns why it cannot run here; null if it can. */
  EngineException problem() {
    return problem;
  }

  Cover cover() {
    return cover;
  }

  Icon icon() {
    return icon;
  }

  /** Returns task, licence and size in one line. */
  String summary() {
    if (card == null) {
      return folder;
    }
    List<String> words = new ArrayList<>();
    words.add(task(card));
    words.add(card.licence().isEmpty() ? "no licence" : card.licence());
    if (card.bytes() > 0) {
      words.add(Sizes.precise(card.bytes()));
    }
    return String.join("  \u00b7  ", words);
  }

  /** Returns what a model does, for people. */
  static String task(Card card) {
    switch (card.task()) {
      case "segment":
        return "Segmentation";
      case "denoise":
        return "Denoising";
      case "stain":
        return "Virtual staining";
      default:
        return card.task();
    }
  }
}
