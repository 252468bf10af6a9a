package io.github.drua.command;

import ij.CommandListener;
import ij.Executer;
import ij.IJ;
import ij.plugin.PlugIn;

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
    String name = OwnCommands.classes().get(command);
    if (name == null) {
      return command;
    }
    try {
      ((PlugIn) Class.forName(name).getConstructor().newInstance()).run("");
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("plugins.config names " + name + ", which cannot be used", e);
    }
    return null;
  }
}
