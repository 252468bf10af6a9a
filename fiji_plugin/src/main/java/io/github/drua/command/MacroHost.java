package io.github.drua.command;

import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;

/**
 * Runs a macro in an ImageJ without windows, and tells whether it reached its end: ImageJ itself
 * leaves with 0 in every case.
 *
 * <p>Nothing of ImageJ may be touched in this class: ij1-patcher must change ImageJ's classes while
 * they are loaded.
 */
public final class MacroHost {
  private static final String PATCHER = "net.imagej.patcher.LegacyInjector";
  private static final int FAILED = 1;
  private static final int WRONG_USAGE = 2;

  private MacroHost() {}

  /** Runs a macro file with an argument and leaves with 0 if the macro reached its end. */
  public static void main(String[] args) {
    // Always by exit: ImageJ's own pool of threads would keep the program alive.
    System.exit(exitCode(args));
  }

  /**
   * Runs a macro file in the ImageJ of this program.
   *
   * @param macroFile an ImageJ macro (.ijm or .txt)
   * @param argument what the macro gets from getArgument()
   * @return "done"
   * @throws EngineException if the macro stopped before its end, for the reason why
   */
  public static String run(String macroFile, String argument) {
    GuestThread.equip();
    HeadlessMacro.run(macroFile, read(Paths.get(macroFile)), argument);
    return "done";
  }

  /** Returns whether the plugin has already written to stderr why the last macro stopped. */
  public static boolean wasTold() {
    return HeadlessMacro.wasTold();
  }

  /** Makes macros find our commands also where ImageJ has not put them into its menus. */
  public static void register() {
    GuestThread.equip();
    HeadlessMacro.registerCommands();
  }

  /** Stops the macro that runs, with the command in it; does nothing if none runs. */
  public static void stop() {
    HeadlessMacro.stop();
  }

  private static int exitCode(String[] args) {
    if (args.length < 1 || args.length > 2) {
      System.err.println("usage: " + MacroHost.class.getName() + " FILE.ijm [ARGUMENT]");
      return WRONG_USAGE;
    }
    if (System.getProperty("java.awt.headless") == null) {
      System.setProperty("java.awt.headless", "true");
    }
    try {
      patchImageJ();
      run(args[0], args.length > 1 ? args[1] : "");
      return 0;
    } catch (RuntimeException e) {
      if (!wasTold()) {
        System.err.println("Drua: " + e.getMessage());
      }
      return FAILED;
    }
  }

  /** Teaches ImageJ to do without windows, if the one that can do so is there. */
  private static void patchImageJ() {
    try {
      Class.forName(PATCHER).getMethod("preinit").invoke(null);
    } catch (ClassNotFoundException e) {
      // Plain ImageJ: commands that need no dialog work all the same.
      return;
    } catch (ReflectiveOperationException e) {
      throw new EngineException(
          ErrorCode.BRIDGE,
          "ij1-patcher cannot change ImageJ (" + e.getCause() + ")",
          "start Java with --add-opens=java.base/java.lang=ALL-UNNAMED",
          e);
    }
  }

  private static String read(Path file) {
    if (!file.toString().matches("(?i).*\\.(ijm|txt)")) {
      throw new EngineException(
          ErrorCode.REQUEST, file + " is no ImageJ macro", "give a file that ends with .ijm");
    }
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.REQUEST, "the macro " + file + " cannot be read", "check its path", e);
    }
  }
}
