package io.github.drua.engine;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The engine as a child process.
 *
 * <p>One thread starts it and waits for its end, because the child asks the system for a signal at
 * the end of the <em>thread</em> that started it; one reads responses, one the log.
 */
final class WorkerProcess implements Transport {
  private static final int LOG_LINE = 4 << 10;
  private static final int SHOWN_LINES = 3;
  private static final int SMALLEST_PIPE = 4 << 10; // of Windows; others have more
  private static final long LAST_WORDS = 200;
  private static final Pattern NO_MODULE = Pattern.compile("No module named '?(\\w+)");

  private final LineListener listener;
  private final Deadlines deadlines;
  private final List<String> command;
  private final LogTail log = new LogTail();
  private final CompletableFuture<Process> born = new CompletableFuture<>();
  private Process process;

  private WorkerProcess(List<String> command, LineListener listener, Deadlines deadlines) {
    this.command = command;
    this.listener = listener;
    this.deadlines = deadlines;
  }

  /** Returns what starts the engine with the Python that the user chose. */
  static Launcher launcher() {
    return new Launcher() {
      @Override
      public Transport launch(LineListener listener) {
        File python = PythonEnvironment.find().python();
        return start(command(python), listener, Deadlines.USUAL);
      }

      @Override
      public String route() {
        return "worker";
      }
    };
  }

  static List<String> command(File python) {
    List<String> command =
        new ArrayList<>(Arrays.asList(python.getPath(), "-u", "-m", "drua.worker", "--segments"));
    Platform platform = Platform.current();
    for (Path parent : platform.segmentParents()) {
      command.add(SegmentFolder.beginning(parent));
    }
    return command;
  }

  /**
   * Starts the process.
   *
   * @throws EngineException if the system cannot start it
   */
  static WorkerProcess start(List<String> command, LineListener listener, Deadlines deadlines) {
    WorkerProcess worker = new WorkerProcess(command, listener, deadlines);
    Threads.daemon("drua-worker", worker::live);
    try {
      worker.process = worker.born.get(deadlines.start, TimeUnit.MILLISECONDS);
      return worker;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw worker.unborn(e);
    } catch (ExecutionException | TimeoutException e) {
      throw worker.unborn(e);
    }
  }

  private EngineException unborn(Exception why) {
    born.thenAccept(Process::destroyForcibly); // it may still come
    Throwable cause = why instanceof ExecutionException ? why.getCause() : why;
    return new EngineException(
        ErrorCode.BACKEND_MISSING,
        "the Python " + command.get(0) + " cannot be started: " + cause.getMessage(),
        "choose another Python in " + PythonEnvironment.MENU,
        cause);
  }

  /** The life of the process, on the thread that must not end before it. */
  private void live() {
    Process child;
    try {
      child = builder().start();
    } catch (IOException | RuntimeException | Error e) {
      born.completeExceptionally(e);
      return;
    }
    Thread lines = Threads.daemon("drua-reader", () -> readLines(child));
    Thread errors = Threads.daemon("drua-log", () -> readLog(child));
    born.complete(child);
    int code = waitFor(child);
    // A process that the engine started may hold the pipes open: the readers get a moment only.
    join(lines);
    join(errors);
    listener.closed(report(code));
  }

  private ProcessBuilder builder() {
    ProcessBuilder builder = new ProcessBuilder(command);
    Map<String, String> environment = builder.environment();
    environment.put("PYTHONUNBUFFERED", "1");
    environment.put("PYTHONIOENCODING", "utf-8");
    // A numpy.py in the folder that ImageJ was started from is not numpy.
    environment.put("PYTHONSAFEPATH", "1");
    return builder;
  }

  private void readLines(Process child) {
    try {
      LineReader reader = new LineReader(child.getInputStream(), Messages.LIMIT);
      for (String line = reader.next(); line != null; line = reader.next()) {
        listener.line(line);
      }
    } catch (IOException e) {
      log.add("[the line to the engine broke: " + e.getMessage() + "]");
    }
    endWithout(child);
  }

  /** Ends a process that can say nothing any more. */
  private void endWithout(Process child) {
    try {
      if (!child.waitFor(deadlines.goodbye, TimeUnit.MILLISECONDS)) {
        child.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void readLog(Process child) {
    try {
      LineReader reader = new LineReader(child.getErrorStream(), LOG_LINE);
      for (String line = reader.next(); line != null; line = reader.next()) {
        log.add(line);
      }
    } catch (IOException e) {
      log.add("[the log of the engine broke: " + e.getMessage() + "]");
    }
  }

  private static int waitFor(Process child) {
    while (true) {
      try {
        return child.waitFor();
      } catch (InterruptedException e) {
        // nobody interrupts this thread on purpose, and it has to outlive the process
      }
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join(LAST_WORDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String report(int code) {
    String killed = code == 137 ? ", killed: often for lack of memory" : "";
    String tail = log.last(SHOWN_LINES);
    String ended = "the Python engine ended (exit code " + code + killed + ")";
    return tail.isEmpty() ? ended : ended + ": " + tail;
  }

  @Override
  public EngineException death(String reason) {
    Matcher missing = NO_MODULE.matcher(log.last(1));
    if (missing.find()) {
      return PythonEnvironment.without(missing.group(1), new File(command.get(0)));
    }
    return new EngineException(
        ErrorCode.WORKER_DIED, reason, "run the command again: a new engine is started");
  }

  @Override
  public int room() {
    return SMALLEST_PIPE;
  }

  @Override
  public void send(String line) {
    try {
      OutputStream out = process.getOutputStream();
      out.write((line + '\n').getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      // A process that does not listen is of no use; its end is told with its last words.
      endWithout(process);
    }
  }

  @Override
  public void close() {
    // Closing waits for a write that is stuck, and must not make ImageJ wait with it.
    Threads.daemon("drua-close", this::closeInput);
    endWithout(process);
  }

  private void closeInput() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      log.add("[the engine ended before it was asked to: " + e.getMessage() + "]");
    }
  }

  @Override
  public void kill() {
    Threads.daemon("drua-kill", process::destroyForcibly);
  }

  @Override
  public String log() {
    return log.text();
  }
}
