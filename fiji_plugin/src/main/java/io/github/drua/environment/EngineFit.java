package io.github.drua.environment;

import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.OwnEnvironment;
import io.github.drua.engine.Platform;
import io.github.drua.engine.Progress;
import io.github.drua.engine.PythonEnvironment;

/** Whether the engine that answers is the one that this plugin was made with. */
public final class EngineFit {
  private EngineFit() {}

  /**
   * Refuses an engine of another version; starts it if need be.
   *
   * @throws CancelledException if the progress asked to stop while it started
   * @throws EngineException with code PROTOCOL that tells both versions and how to make them one
   */
  public static void check(EngineClient engine, Progress progress) {
    if (engine.route().equals("worker")) {
      String plugin = new EngineWheel().version();
      check(engine.hello(progress).getString("engine", "?"), plugin, usesOwn());
    }
    // Else the program that hosts ImageJ has brought its engine along, and the plugin with it.
  }

  static void check(String engine, String plugin, boolean own) {
    if (engine.equals(plugin)) {
      return;
    }
    String remedy =
        own
            ? "choose Update in " + PythonEnvironment.MAKE.replace("=create", "=update")
            : "make an environment that fits in " + PythonEnvironment.MAKE;
    throw new EngineException(
        ErrorCode.PROTOCOL,
        "the Python engine is version " + engine + ", but the plugin is version " + plugin,
        remedy);
  }

  /** Returns whether the engine runs in the plugin's own environment. */
  public static boolean usesOwn() {
    return new OwnEnvironment(Platform.current()).holds(PythonEnvironment.find().python());
  }
}
