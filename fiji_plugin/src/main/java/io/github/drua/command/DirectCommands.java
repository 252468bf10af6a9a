package io.github.drua.command;

import ij.CommandListener;
import ij.Executer;
import ij.IJ;

/**
 * Our commands where ImageJ cannot load them: its host added our jar when ImageJ had chosen its
 * class loader already.
 *
 * <p>Not for an ImageJ with windows, where no other command can begin while this runs one.
 */
final class DirectCommands implements CommandListener {
  private static boolean listening;

  private DirectCommands() {}

  /** Runs our commands from now on, if ImageJ does not. */
  static synchronized void listenIfNeeded() {
    if (!listening && !GuestThread.knowsUs(IJ.getClassLoader())) {
      listening = true;
      Executer.addCommandListener(new DirectCommands());
    }
  }

  @Override
  public String commandExecuting(String command) {
    switch (command) {
      case SegmentPlugin.COMMAND:
        new SegmentPlugin().run("");
        return null;
      case DenoisePlugin.COMMAND:
        new DenoisePlugin().run("");
        return null;
      case StainPlugin.COMMAND:
        new StainPlugin().run("");
        return null;
      case RunPlugin.COMMAND:
        new RunPlugin().run("");
        return null;
      case CheckEnginePlugin.COMMAND:
        new CheckEnginePlugin().run("");
        return null;
      case EnvironmentPlugin.COMMAND:
        new EnvironmentPlugin().run("");
        return null;
      case ModelsPlugin.COMMAND:
        new ModelsPlugin().run("");
        return null;
      default:
        return command;
    }
  }
}
