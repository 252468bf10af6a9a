package io.github.drua.ui;

import io.github.drua.command.Inspection;
import io.github.drua.command.Inventory;
import io.github.drua.command.MacroOptions;
import io.github.drua.engine.Progress;

/** What the window of the models can ask for; all of it takes long. */
public interface ModelsActions {
  /** Runs something, tells the person how it failed, and returns whether it was done. */
  boolean attempt(Runnable body);

  /** Returns the models that are installed. */
  Inventory list(Progress progress);

  /** Looks into a file, a folder or what lies at a URL. */
  Inspection inspect(String source, Progress progress);

  /**
   * Does what options tell, records it, and returns what is to be told.
   *
   * @param found what was found in the source of a model to be installed, else null
   */
  String act(MacroOptions options, Inspection found, Progress progress);
}
