package io.github.drua.command;

import ij.IJ;
import ij.Macro;
import ij.macro.Interpreter;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.ui.Wrapped;
import java.awt.GraphicsEnvironment;
import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * Runs the body of a command: the one place where errors meet the user.
 *
 * <p>A person gets one dialog with cause and next step; a macro stops in every mode, with the text
 * on stderr; a host finds it in {@link Status}.
 */
final class Guard {
  private Guard() {}

  /** Runs a command and tells how it ended. */
  static void run(String command, Runnable body) {
    try {
      end(body);
    } catch (CancelledException e) {
      IJ.showStatus(command + " was cancelled");
      stopMacro("cancelled");
    } catch (EngineException e) {
      fail(command, e);
    }
  }

  /**
   * Runs what a person has asked for in a window that stays open, tells how it failed, and returns
   * whether it was done. A macro that runs meanwhile has no part in it, and goes on.
   */
  static boolean attempt(String command, Runnable body) {
    try {
      end(body);
      return true;
    } catch (CancelledException e) {
      IJ.showStatus(command + " was cancelled");
    } catch (EngineException e) {
      logCause(e);
      IJ.showMessage(command, Wrapped.message(e));
    }
    return false;
  }

  /** Runs it, leaves how it ended in {@link Status}, and throws only what can be told. */
  private static void end(Runnable body) {
    try {
      body.run();
      Status.done();
    } catch (CancelledException e) {
      Status.cancelled();
      throw e;
    } catch (EngineException e) {
      Status.failed(e);
      throw e;
    } catch (Exception | LinkageError | VirtualMachineError e) {
      EngineException error = unknown(e);
      Status.failed(error);
      throw error;
    }
  }

  /** Returns an error that nobody foresaw as one that can be told. */
  static EngineException unknown(Throwable error) {
    if (error instanceof OutOfMemoryError) {
      return new EngineException(
          ErrorCode.INTERNAL,
          "ImageJ has no memory left",
          "close images, or give it more in Edit>Options>Memory & Threads",
          error);
    }
    return new EngineException(
        ErrorCode.INTERNAL,
        "something went wrong that Drua does not know (" + error + ")",
        "details are in the log",
        error);
  }

  /** Returns whether somebody can see and close a dialog. */
  static boolean isWatched() {
    return !GraphicsEnvironment.isHeadless()
        && IJ.getInstance() != null
        && IJ.getInstance().isVisible();
  }

  /** Tells what is good to know and no error: in the log window, or on stderr. */
  static void tell(String note) {
    if (isWatched()) {
      IJ.log(Wrapped.line("Drua: " + note));
    } else {
      System.err.println("Drua: " + note);
    }
  }

  private static void fail(String command, EngineException error) {
    logCause(error);
    boolean watched = isWatched();
    boolean inMacro = Interpreter.getInstance() != null;
    if (!watched || inMacro) {
      System.err.println("Drua: " + error.getMessage());
    }
    if (watched) {
      // Opens the box and stops the macro, by an exception where one runs. To the text of a macro
      // ImageJ adds "in line 7".
      IJ.error(command, Wrapped.message(error) + (inMacro ? "\n \nThe macro stopped" : ""));
    } else {
      stopMacro(error.getMessage());
    }
  }

  private static void logCause(EngineException error) {
    if (error.code() != ErrorCode.INTERNAL || error.getCause() == null) {
      return;
    }
    StringWriter trace = new StringWriter();
    error.getCause().printStackTrace(new PrintWriter(trace, true));
    if (isWatched()) {
      IJ.log(trace.toString());
    } else {
      System.err.println(trace);
    }
  }

  /** Stops what runs the command without a box, which nobody might be there to close. */
  private static void stopMacro(String text) {
    Interpreter macro = Interpreter.getInstance();
    if (macro == null) {
      Macro.abort();
      return;
    }
    // Else it would open a box, or lose the text where none can be opened.
    macro.setIgnoreErrors(true);
    macro.abort(text);
  }
}
