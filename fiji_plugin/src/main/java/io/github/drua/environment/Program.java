package io.github.drua.environment;

import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Threads;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A program that runs while this one waits for it, line by line.
 *
 * <p>Closing its stdin asks it to end: {@code drua.leash} ends a whole tree of processes then, also
 * when ImageJ dies.
 */
final class Program {
  private static final long POLL = 100;
  private static final long GOODBYE = 5_000;
  private static final long SILENCE = TimeUnit.MINUTES.toMillis(15);

  // Each of them makes pip or venv work on another Python than the one that was asked for.
  private static final List<String> MISLEADING =
      Arrays.asList(
          "PYTHONHOME",
          "PYTHONPATH",
          "PYTHONSTARTUP",
          "PYTHONUSERBASE",
          "VIRTUAL_ENV",
          "__PYVENV_LAUNCHER__",
          "PIP_TARGET",
          "PIP_PREFIX",
          "PIP_ROOT",
          "PIP_USER",
          "PIP_DRY_RUN",
          "PIP_PYTHON",
          "PIP_REQUIRE_VIRTUALENV",
          "UV_PYTHON",
          "UV_SYSTEM_PYTHON");

  private final Process process;
  private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

  private Program(List<String> command, Map<String, String> variables) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    MISLEADING.forEach(environment::remove);
    environment.put("PYTHONIOENCODING", "utf-8");
    environment.put("PYTHONUNBUFFERED", "1");
    environment.putAll(variables);
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new EngineException(
          ErrorCode.BACKEND_MISSING,
          command.get(0) + " cannot be started: " + e.getMessage(),
          "check that it is a program for this system",
          e);
    }
    Threads.daemon("drua-program", this::read);
  }

  /** What a program has written, and how it ended. */
  static final class Output {
    private final int code;
    private final List<String> lines;

    private Output(int code, List<String> lines) {
      this.code = code;
      this.lines = lines;
    }

    /** Returns the exit code; -1 if the program could not be started or did not end. */
    int code() {
      return code;
    }

    List<String> lines() {
      return lines;
    }
  }

  /** Runs a program that has little to say and ends within so many milliseconds, or is ended. */
  static Output quick(List<String> command, Map<String, String> variables, long millis) {
    List<String> lines = new ArrayList<>();
    long end = System.currentTimeMillis() + millis;
    try {
      int code = run(command, variables, lines::add, () -> System.currentTimeMillis() > end);
      return new Output(code, lines);
    } catch (EngineException | CancelledException e) {
      return new Output(-1, Collections.singletonList(e.getMessage()));
    }
  }

  /**
   * Runs a program to its end and returns its exit code.
   *
   * @param variables added to the environment of this program
   * @param listener takes each line, of stdout and stderr, on the calling thread
   * @param cancelled asked ten times a second whether to stop
   * @throws CancelledException if it was stopped
   * @throws EngineException if it cannot be started, or says nothing for a quarter of an hour
   */
  static int run(
      List<String> command,
      Map<String, String> variables,
      Consumer<String> listener,
      BooleanSupplier cancelled) {
    Program program = new Program(command, variables);
    try {
      program.listen(listener, cancelled);
      return program.process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException();
    } finally {
      program.end();
    }
  }

  private void read() {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        lines.add(Optional.of(line));
      }
    } catch (IOException e) {
      lines.add(Optional.of("[the output broke off: " + e.getMessage() + "]"));
    } finally {
      lines.add(Optional.empty());
    }
  }

  private void listen(Consumer<String> listener, BooleanSupplier cancelled)
      throws InterruptedException {
    long heard = System.nanoTime();
    while (true) {
      if (cancelled.getAsBoolean()) {
        throw new CancelledException();
      }
      Optional<String> line = lines.poll(POLL, TimeUnit.MILLISECONDS);
      if (line != null) {
        heard = System.nanoTime();
        if (!line.isPresent()) {
          return;
        }
        listener.accept(line.get());
      } else if (System.nanoTime() - heard > TimeUnit.MILLISECONDS.toNanos(SILENCE)) {
        throw new EngineException(
            ErrorCode.BACKEND_MISSING,
            "nothing happened for " + TimeUnit.MILLISECONDS.toMinutes(SILENCE) + " minutes",
            "check the network and start it again: finished downloads are kept");
      }
    }
  }

  /** Ends the program, politely first; does nothing if it has ended. */
  private void end() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // it has ended
    }
    try {
      if (!process.waitFor(GOODBYE, TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
