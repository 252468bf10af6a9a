package io.github.drua.engine;

import com.eclipsesource.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * One operation on its way: the calling thread waits here, reports progress, and may stop it.
 *
 * <p>A task that is to stop, for whatever reason, is told so and waited for, because the engine
 * works on its segments until it says that it has stopped. One that does not say so takes the
 * engine with it.
 */
final class Task {
  /** Milliseconds between two looks at the watcher and the clock. */
  static final long POLL = 50;

  private static final String WAITING = "waiting for another run of Drua to end";
  private static final String BEGINNING = "beginning";

  private static final Response WAKE = new Response(Response.Kind.OTHER, null, null);

  private final String id;
  private final Session session;
  private final Progress progress;
  private final BlockingQueue<Response> mail = new LinkedBlockingQueue<>();
  private final List<Segment> held = new ArrayList<>();
  private volatile EngineException trouble;
  private volatile EngineException death;
  private Segment output;
  private RuntimeException stopping;
  private long stoppedAt;
  private volatile boolean launched;
  private boolean waiting;
  private boolean finishing;
  private boolean interrupted;
  private boolean abandoned;

  Task(String id, Session session, Progress progress) {
    this.id = id;
    this.session = session;
    this.progress = progress;
  }

  String id() {
    return id;
  }

  /** Makes a segment the task's, which gives it back at its end. */
  void hold(Segment segment) {
    held.add(segment);
  }

  /** Runs the operation and waits for its result. */
  Result run(String op, JsonObject inputs) {
    session.enter(this);
    try {
      session.send(Messages.execute(id, op, inputs));
      return await();
    } catch (Error e) { // the engine still works on the segments, and nobody is left to wait for it
      session.dieDeaf();
      throw e;
    } finally {
      synchronized (this) {
        if (!abandoned) {
          finish();
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Result await() {
    while (true) {
      Response response = next();
      Result result = response == null || response == WAKE ? null : take(response);
      if (result != null) {
        return result;
      }
      watch();
    }
  }

  private Response next() {
    try {
      return mail.poll(POLL, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      interrupted = true;
      stop(new CancelledException());
      return null;
    }
  }

  /** Takes a response; returns the result if it was the last one. */
  private Result take(Response response) {
    switch (response.kind) {
      case UPDATE:
        guard(() -> tell(response));
        return null;
      case NEED:
        guard(() -> grant(response.number("bytes")));
        return null;
      case COMPLETION:
        return complete(Messages.outputs(response));
      case CANCELATION:
        throw stopping != null ? stopping : new CancelledException();
      default:
        throw stopping != null ? stopping : Messages.error(response);
    }
  }

  private Result complete(JsonObject outputs) {
    if (stopping != null) {
      throw stopping;
    }
    held.remove(output);
    return new Result(outputs, output, session.segments());
  }

  /** Does something on the way; if it fails, the task is stopped like by the watcher's wish. */
  private void guard(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      stop(e);
    }
  }

  private void tell(Response update) {
    progress.update(update.text("message"), update.number("current"), update.number("maximum"));
  }

  private void grant(long bytes) {
    if (stopping == null) {
      output = session.segments().acquire(bytes);
      held.add(output);
      session.send(Messages.grant(id, output));
    }
  }

  private void watch() {
    if (death != null && mail.isEmpty()) {
      throw stopping != null ? stopping : launched ? death.again() : new UnstartedException(death);
    }
    if (trouble != null) {
      stop(trouble.again());
    }
    if (stopping == null) {
      guard(
          () -> {
            tellTurn();
            askWatcher();
          });
    }
    if (stopping != null && millis() - stoppedAt > session.deadlines().grace) {
      giveUp();
    }
    session.watch();
  }

  /** Tells once that the engine is busy with another task, and once that it is this one's turn. */
  private void tellTurn() {
    boolean busy = session.isBusy(); // before the look at this task, which may begin meanwhile
    if (waiting && launched) {
      waiting = false;
      progress.update(BEGINNING, 0, 0);
    } else if (!waiting && busy && !launched) {
      waiting = true;
      progress.update(WAITING, 0, 0);
    }
  }

  private void askWatcher() {
    if (progress.cancelled()) {
      stop(new CancelledException());
    } else if (!finishing && progress.finishing()) {
      // Its result is wanted, so there is no deadline: the engine needs time to write it.
      finishing = true;
      session.send(Messages.finish(id));
    }
  }

  private void stop(RuntimeException why) {
    if (stopping == null) {
      stopping = why;
      stoppedAt = millis();
      session.send(Messages.cancel(id));
      progress.stopping();
    }
  }

  /** Leaves a task that was told to stop and has not said that it did. */
  private void giveUp() {
    if (launched) {
      session.dieDeaf();
    } else {
      abandon(); // it waits behind the task of somebody else, which must not suffer
    }
    throw stopping;
  }

  private synchronized void abandon() {
    abandoned = true;
    if (death != null || mail.stream().anyMatch(Task::last)) {
      finish();
    }
  }

  private void finish() {
    session.leave(this);
    release();
  }

  /** Gives back what it holds. */
  void release() {
    held.forEach(session.segments()::giveBack);
    held.clear();
  }

  /** Returns whether the engine has begun with it. */
  boolean runs() {
    return launched;
  }

  /** Takes a response from the reading thread. */
  synchronized void deliver(Response response) {
    if (response.kind == Response.Kind.LAUNCH) {
      launched = true;
      return;
    }
    mail.add(response);
    if (abandoned && last(response)) {
      finish();
    }
  }

  /** Learns that the engine has ended. */
  synchronized void die(EngineException why) {
    death = why;
    mail.add(WAKE);
    if (abandoned) {
      finish();
    }
  }

  /** Learns that a line was lost, which may have been for this task. */
  void trouble(EngineException why) {
    trouble = why;
    mail.add(WAKE);
  }

  private static boolean last(Response response) {
    return response.kind == Response.Kind.COMPLETION
        || response.kind == Response.Kind.CANCELATION
        || response.kind == Response.Kind.FAILURE;
  }

  private static long millis() {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
  }
}
