package io.github.drua.command;

import ij.CommandListener;
import ij.Executer;
import ij.IJ;
import ij.Macro;
import ij.Menus;
import ij.macro.Interpreter;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.awt.HeadlessException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.charset.StandardCharsets;
import java.util.Hashtable;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A macro in this program's ImageJ, which may be plain, patched, or part of Fiji. */
final class HeadlessMacro {
  // For example: filters02="Gaussian Blur...",ij.plugin.filter.GaussianBlur
  private static final Pattern MENU_ITEM =
      Pattern.compile("\\w+=\"([^\"]+?)(?:\\[\\w+\\])?\",\\s*(ij\\.[\\w.]+(?:\\(\".*\"\\))?)\\s*");

  // What ImageJ adds to its menus in code, as far as macros use it and it opens no dialog.
  private static final String[][] MENU_CODE = {
    {"8-bit", "ij.plugin.Converter(\"8-bit\")"},
    {"16-bit", "ij.plugin.Converter(\"16-bit\")"},
    {"32-bit", "ij.plugin.Converter(\"32-bit\")"},
    {"RGB Color", "ij.plugin.Converter(\"RGB Color\")"},
    {"Close", "ij.plugin.Commands(\"close\")"},
    {"Close All", "ij.plugin.Commands(\"close-all\")"},
    {"Clear", "ij.plugin.filter.Filler(\"clear\")"},
    {"Clear Outside", "ij.plugin.filter.Filler(\"outside\")"},
    {"Fill", "ij.plugin.filter.Filler(\"fill\")"},
    {"Draw", "ij.plugin.filter.Filler(\"draw\")"},
    {"Invert", "ij.plugin.filter.Filters(\"invert\")"},
    {"Crop", "ij.plugin.Resizer(\"crop\")"},
    {"Smooth", "ij.plugin.filter.Filters(\"smooth\")"},
    {"Sharpen", "ij.plugin.filter.Filters(\"sharpen\")"},
    {"Find Edges", "ij.plugin.filter.Filters(\"edge\")"},
    {"Measure", "ij.plugin.filter.Analyzer"},
    {"Summarize", "ij.plugin.filter.Analyzer(\"sum\")"},
    {"Clear Results", "ij.plugin.filter.Analyzer(\"clear\")"},
  };

  private static volatile Interpreter running;

  private HeadlessMacro() {}

  /**
   * Runs a macro to its end.
   *
   * @param name the macro's name in messages
   * @throws EngineException if it stopped before
   */
  static void run(String name, String text, String argument) {
    registerCommands();
    Status.forget();
    Interpreter macro = new Interpreter();
    running = macro;
    try {
      macro.run(text, argument);
    } catch (RuntimeException e) {
      throwReason();
      throw stopped(name, macro, reason(e), e);
    } finally {
      running = null;
    }
    throwReason();
    if (macro.wasError() || macro.getErrorMessage() != null) {
      throw stopped(name, macro, macro.getErrorMessage(), null);
    }
  }

  /** Stops the macro that runs, if one does; a command of ours in it notices, too. */
  static void stop() {
    Interpreter macro = running;
    if (macro != null) {
      macro.abortMacro();
    }
  }

  /** Returns whether the last error was already written to stderr. */
  static boolean wasTold() {
    return Status.last() != null && Status.last().kind() != Status.Kind.DONE;
  }

  /** A command of ours that failed knows better than ImageJ why the macro stopped. */
  private static void throwReason() {
    if (Status.last() != null) {
      Status.last().orThrow();
    }
  }

  private static String reason(RuntimeException error) {
    return Macro.MACRO_CANCELED.equals(error.getMessage()) ? "it left by exit" : error.toString();
  }

  private static EngineException stopped(
      String name, Interpreter macro, String reason, Throwable cause) {
    String told = macro.getErrorMessage() == null ? reason : macro.getErrorMessage();
    return new EngineException(
        ErrorCode.REQUEST,
        "the macro " + name + " stopped" + place(macro) + ": " + told,
        "",
        cause);
  }

  /** Returns for example {@code in line 7}; empty if nobody knows. */
  private static String place(Interpreter macro) {
    try {
      if (!macro.wasError()) {
        return " in line " + macro.getLineNumber();
      }
      // To quote the line ImageJ has gone on to the next one, and keeps the number to itself.
      Field line = Interpreter.class.getDeclaredField("lineNumber");
      line.setAccessible(true);
      return " in line " + line.getInt(macro);
    } catch (ReflectiveOperationException | RuntimeException e) {
      return ""; // another ImageJ, or a text that was not understood at all
    }
  }

  /** Makes run() find our commands and, in a plain ImageJ, its own that need no dialog. */
  @SuppressWarnings("unchecked") // ImageJ's table is a raw one, of text to text
  static void registerCommands() {
    if (Menus.getCommands() == null) {
      buildMenus();
    }
    Map<String, String> commands = (Hashtable<String, String>) Menus.getCommands();
    if (commands.isEmpty()) {
      registerBuiltIns(commands);
    }
    commands.putAll(OwnCommands.classes());
    DirectCommands.listenIfNeeded();
  }

  private static void buildMenus() {
    // ImageJ builds its menus when it is first asked for a command, even for one that is withheld.
    CommandListener withhold = command -> null;
    Executer.addCommandListener(withhold);
    try {
      IJ.run("Drua");
    } catch (HeadlessException e) {
      // A plain ImageJ cannot build menus here; the table of commands exists all the same, empty.
    } finally {
      Executer.removeCommandListener(withhold);
    }
  }

  private static void registerBuiltIns(Map<String, String> commands) {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                IJ.class.getResourceAsStream("/IJ_Props.txt"), StandardCharsets.UTF_8))) {
      lines
          .lines()
          .map(MENU_ITEM::matcher)
          .filter(Matcher::matches)
          .forEach(
              item -> {
                if (!opensDialog(item.group(1), item.group(2))) {
                  commands.put(item.group(1), item.group(2));
                }
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String[] item : MENU_CODE) {
      commands.put(item[0], item[1]);
    }
  }

  /**
   * Returns whether a command would die for want of a dialog; ImageJ then goes on with the macro as
   * if nothing had happened, but stops at a command that it does not know.
   */
  private static boolean opensDialog(String label, String plugin) {
    return label.trim().endsWith("...") && !plugin.startsWith("ij.plugin.filter.Writer");
  }
}
