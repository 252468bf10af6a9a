package io.github.drua.command;

import ij.gui.GenericDialog;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.OwnEnvironment;
import io.github.drua.engine.Platform;
import io.github.drua.engine.Progress;
import io.github.drua.engine.PythonEnvironment;
import io.github.drua.environment.EngineFit;
import io.github.drua.environment.Environments;
import io.github.drua.ui.Wrapped;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Offers a person who has no Python environment, or an old one, to make it. */
final class EnvironmentOffer {
  private static final String TITLE = "Drua Python Environment";

  private EnvironmentOffer() {}

  /**
   * Makes sure that there is a Python of the plugin's version; asks before it makes one.
   *
   * @param wait what waits for it, as a sentence
   * @throws CancelledException if the person does not want it
   */
  static void settle(EngineClient engine, String wait) {
    if (!engine.route().equals("worker")) {
      return;
    }
    OwnEnvironment own = new OwnEnvironment(Platform.current());
    if (PythonEnvironment.isNamed() || own.isBusy()) {
      return; // the engine tells what is wrong, if anything is
    }
    if (own.python() == null) {
      String offer = new Environments().offer();
      make("create", "Drua's Python engine is not set up yet: " + offer + ".", wait);
    } else if (new Environments().isOutdated()) {
      make("update", difference(engine), wait);
    }
  }

  /**
   * Makes sure that the plugin's own Python has PyTorch, if it is the one in use; asks before it
   * gets it.
   *
   * @param wait what waits for it, as a sentence
   * @throws CancelledException if the person does not want it
   */
  static void settleTorch(EngineClient engine, String wait) {
    if (!engine.route().equals("worker") || PythonEnvironment.isNamed()) {
      return;
    }
    String offer = new Environments().offerOfTorch();
    if (!offer.isEmpty() && EngineFit.usesOwn()) {
      Map<String, String> options = new LinkedHashMap<>();
      options.put("action", "create");
      options.put("device", "torch");
      ask(
          "Training needs PyTorch, which Drua's Python does not have: " + offer + ".",
          "Get it now?",
          wait,
          "Get It");
      EnvironmentPlugin.make(EnvironmentParameters.from(MacroOptions.of(options)));
    }
  }

  private static String difference(EngineClient engine) {
    try {
      EngineFit.check(engine, Progress.NONE);
      return "The Python environment is older than the plugin.";
    } catch (EngineException e) {
      return e.message() + ".";
    }
  }

  private static void make(String action, String why, String wait) {
    boolean create = action.equals("create");
    ask(
        why,
        create ? "Make the environment now?" : "Update it now?",
        wait,
        create ? "Make It" : "Update");
    EnvironmentPlugin.make(
        EnvironmentParameters.from(MacroOptions.of(Collections.singletonMap("action", action))));
  }

  private static void ask(String why, String question, String wait, String yes) {
    GenericDialog dialog = new GenericDialog(TITLE);
    dialog.addMessage(Wrapped.paragraph(why) + "\n \n" + question + " " + wait);
    dialog.setOKLabel(yes);
    dialog.setCancelLabel("Not Now");
    dialog.showDialog();
    // Not wasCanceled(), which also marks a macro as aborted.
    if (!dialog.wasOKed()) {
      throw new CancelledException();
    }
  }
}
