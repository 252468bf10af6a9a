package io.github.drua.engine;

import com.eclipsesource.json.JsonObject;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The plugin's end of the engine: one call, one answer, from any thread.
 *
 * <p>The engine is started by the first call, runs one task at a time in order of arrival, and is
 * started again by the first call after its end. Whether it is a process of its own or lives in
 * this one makes no difference here.
 */
public final class EngineClient implements AutoCloseable {
  private static final long KEPT_MINUTES = 5;

  private final Transport.Launcher launcher;
  private final Function<Segments.Peer, Segments> pools;
  private final Deadlines deadlines;
  private final Preparation preparation = new Preparation(KEPT_MINUTES);
  private final Set<String> told = ConcurrentHashMap.newKeySet();
  private Session session;
  private boolean closed;

  EngineClient(
      Transport.Launcher launcher, Function<Segments.Peer, Segments> pools, Deadlines deadlines) {
    this.launcher = launcher;
    this.pools = pools;
    this.deadlines = deadlines;
  }

  /**
   * Runs an operation that needs no pixels and returns its outputs.
   *
   * @throws EngineException if it fails
   * @throws CancelledException if the progress asked to stop, or the thread was interrupted
   */
  public JsonObject call(String op, JsonObject inputs, Progress progress) {
    try (Result result = call(op, inputs, null, progress)) {
      return result.outputs();
    }
  }

  /**
   * Runs an operation on an image; see {@link #call(String, JsonObject, Pixels, Map, Progress)}.
   *
   * @param image null for an operation without
   */
  public Result call(String op, JsonObject inputs, Pixels image, Progress progress) {
    return call(op, inputs, image, Collections.emptyMap(), progress);
  }

  /**
   * Runs an operation on images; the inputs get an "image", and the others by name as "inputs".
   *
   * <p>An engine that ends during the operation fails it; one that ends before it has begun with it
   * is replaced once, without a word.
   *
   * @throws EngineException if it fails
   * @throws CancelledException if the progress asked to stop, or the thread was interrupted
   */
  public Result call(
      String op,
      JsonObject inputs,
      Pixels image,
      Map<String, ? extends Pixels> others,
      Progress progress) {
    try {
      return session().run(op, inputs, image, others, progress);
    } catch (UnstartedException first) {
      return callAgain(op, inputs, image, others, progress);
    }
  }

  private Result callAgain(
      String op,
      JsonObject inputs,
      Pixels image,
      Map<String, ? extends Pixels> others,
      Progress progress) {
    try {
      return session().run(op, inputs, image, others, progress);
    } catch (UnstartedException second) {
      throw second.why();
    }
  }

  /**
   * Gets memory ready in the background for a call that is likely to come; returns at once, and
   * does nothing before a call has started the engine.
   *
   * @param bytes the sizes of the image and of its results
   */
  public synchronized void expect(long... bytes) {
    if (!closed && session != null && !session.dead()) {
      preparation.expect(session.segments(), bytes);
    }
  }

  /**
   * Returns whether a sentence of the engine has not been told yet, and keeps that it is now: what
   * is true of every result of a model need not be read a thousand times.
   */
  public boolean isNews(String sentence) {
    return told.add(sentence);
  }

  /** Returns how the engine is reached: "worker" or "inprocess". */
  public String route() {
    return launcher.route();
  }

  /** Returns what the engine says of itself; starts it if need be. */
  public JsonObject hello() {
    return hello(Progress.NONE);
  }

  /**
   * Returns what the engine says of itself; starts it if need be.
   *
   * @throws CancelledException if the progress asked to stop while it started
   */
  public JsonObject hello(Progress progress) {
    return session().hello(progress);
  }

  /** Returns the number of the engine's process; starts it if need be. */
  public long pid() {
    return hello().getLong("pid", -1);
  }

  /** Returns the last lines of the engine's log; empty if no engine was started. */
  public synchronized String log() {
    return session == null ? "" : session.log();
  }

  /** Ends the engine; what runs fails, and later calls do too. */
  @Override
  public void close() {
    Session last = last();
    if (last != null) {
      last.close();
    }
  }

  /** Ends what has to end with ImageJ: not the engine that shares its process. */
  void exit() {
    if (route().equals("worker")) {
      close();
      return;
    }
    Session last = last();
    if (last != null) {
      last.abandon();
    }
  }

  private synchronized Session last() {
    closed = true;
    preparation.close();
    return session;
  }

  private synchronized Session session() {
    if (closed) {
      throw new EngineException(ErrorCode.BRIDGE, "the engine was closed", "run the command again");
    }
    if (session == null || session.dead()) {
      session = Session.open(launcher, pools, deadlines);
    }
    return session;
  }
}
