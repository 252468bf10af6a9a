package io.github.drua.engine;

import com.eclipsesource.json.JsonObject;
import java.util.Collections;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/**
 * One engine from its HELLO to its end, and the tasks it was given.
 *
 * <p>Its end fails every task at once; what comes after that needs another session.
 */
final class Session implements LineListener, Segments.Peer {
  private static final long LAST_LINES = 500;

  private final Deadlines deadlines;
  private final Heartbeat heartbeat;
  private final Segments segments;
  private final Map<String, Task> tasks = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();
  private final CountDownLatch greeted = new CountDownLatch(1);
  private final Object ending = new Object();
  private volatile Transport transport;
  private volatile Outbox outbox;
  private volatile JsonObject hello;
  private volatile EngineException death;

  private Session(Function<Segments.Peer, Segments> pools, Deadlines deadlines) {
    this.deadlines = deadlines;
    this.heartbeat = new Heartbeat(deadlines);
    this.segments = pools.apply(this);
  }

  /**
   * Starts an engine.
   *
   * @throws EngineException if there is none to start
   */
  static Session open(
      Transport.Launcher launcher, Function<Segments.Peer, Segments> pools, Deadlines deadlines) {
    Session session = new Session(pools, deadlines);
    session.launch(launcher);
    return session;
  }

  // An end that is told during the start waits for its end: the transport knows what it means.
  private synchronized void launch(Transport.Launcher launcher) {
    transport = launcher.launch(this);
    outbox = new Outbox(transport);
    if (death != null) {
      disconnect();
    }
  }

  /** Runs one operation from the calling thread, which waits for it. */
  Result run(
      String op,
      JsonObject inputs,
      Pixels image,
      Map<String, ? extends Pixels> others,
      Progress progress) {
    hello(progress);
    Task task = new Task(Long.toString(numbers.incrementAndGet()), this, progress);
    return task.run(op, image == null ? inputs : fill(task, inputs, image, others, progress));
  }

  private JsonObject fill(
      Task task,
      JsonObject inputs,
      Pixels image,
      Map<String, ? extends Pixels> others,
      Progress progress) {
    try {
      JsonObject filled = new JsonObject(inputs).set("image", written(task, image, progress));
      if (!others.isEmpty()) {
        JsonObject further = new JsonObject();
        others.forEach((name, pixels) -> further.add(name, written(task, pixels, progress)));
        filled.set("inputs", further);
      }
      return filled;
    } catch (RuntimeException | Error e) {
      task.release();
      throw e;
    }
  }

  /** Returns an image that was written to a segment of its own, which the task holds. */
  private JsonObject written(Task task, Pixels image, Progress progress) {
    Segment segment = segments.acquire(image.bytes());
    task.hold(segment);
    image.writeTo(segment, progress);
    return Messages.image(image.header(), segment);
  }

  /** Returns the engine's first line; waits for it. */
  JsonObject hello(Progress progress) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(deadlines.start);
    while (!greetedWithin(Task.POLL)) {
      if (progress.cancelled()) {
        throw new CancelledException();
      }
      if (System.nanoTime() > end) {
        die(silent("did not start within " + deadlines.start / 1000 + " s"));
      }
    }
    if (hello == null) {
      throw death.again();
    }
    return hello; // an end after it is the matter of the task
  }

  private boolean greetedWithin(long millis) {
    try {
      return greeted.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException();
    }
  }

  /** Returns whether another session is needed. */
  boolean dead() {
    return death != null;
  }

  Segments segments() {
    return segments;
  }

  Deadlines deadlines() {
    return deadlines;
  }

  String log() {
    return transport.log();
  }

  void send(String line) {
    outbox.send(line);
  }

  @Override
  public void attach(Segment segment) {
    send(Messages.attach(segment));
  }

  @Override
  public void release(String name) {
    if (!dead()) {
      send(Messages.release(Collections.singletonList(name)));
    }
  }

  void enter(Task task) {
    tasks.put(task.id(), task);
    if (death != null) {
      task.die(death);
    }
  }

  void leave(Task task) {
    tasks.remove(task.id());
  }

  /** Returns whether the engine works on a task, behind which all others wait. */
  boolean isBusy() {
    return tasks.values().stream().anyMatch(Task::runs);
  }

  /** Looks after an engine that somebody waits for. */
  void watch() {
    switch (heartbeat.look()) {
      case PING:
        send(Messages.ping(numbers.incrementAndGet()));
        break;
      case DEAD:
        die(silent("gave no sign of life for " + deadlines.silence / 1000 + " s and was ended"));
        break;
      default:
        break;
    }
  }

  private static EngineException silent(String what) {
    return new EngineException(
        ErrorCode.WORKER_DIED,
        "the Python engine " + what,
        "run the command again: a new engine is started");
  }

  /** Ends an engine that a task could not stop. */
  void dieDeaf() {
    die(silent("did not stop within " + deadlines.grace / 1000 + " s and was ended"));
  }

  @Override
  public void line(String line) {
    heartbeat.life();
    Outbox requests = outbox;
    if (requests != null) { // the first line may come before it is there
      requests.heard();
    }
    try {
      hear(Messages.parse(line));
    } catch (EngineException e) {
      garbled(e);
    } catch (RuntimeException | Error e) { // a reader that ends would leave everybody waiting
      garbled(
          new EngineException(
              ErrorCode.PROTOCOL, "a line of the Python engine cannot be handled: " + e, "", e));
    }
  }

  /** Fails what runs: the line may have been the one that somebody waits for. */
  private void garbled(EngineException why) {
    Log.warn(why.message());
    tasks.values().forEach(task -> task.trouble(why));
  }

  private void hear(Response response) {
    switch (response.kind) {
      case HELLO:
        greet(response);
        break;
      case ATTACHED:
        segments.attached(Messages.segments(response));
        break;
      case PONG:
        break;
      case OTHER:
        Log.warn("the Python engine said what this plugin does not know: " + response.body);
        break;
      default:
        deliver(response);
        break;
    }
  }

  private void deliver(Response response) {
    Task task = response.task == null ? null : tasks.get(response.task);
    if (task != null) {
      task.deliver(response);
    } else if (response.kind == Response.Kind.FAILURE && response.task == null) {
      garbled(Messages.error(response));
    }
    // else it is about a task that nobody waits for any more
  }

  private void greet(Response response) {
    long version = response.number("protocol");
    if (version != Messages.PROTOCOL) {
      die(stranger(response, version));
      return;
    }
    hello = response.body;
    greeted.countDown();
  }

  private static EngineException stranger(Response response, long version) {
    String plugin = Session.class.getPackage().getImplementationVersion();
    return new EngineException(
        ErrorCode.PROTOCOL,
        "the Python engine "
            + response.body.getString("engine", "?")
            + " speaks protocol "
            + version
            + ", but the plugin "
            + (plugin == null ? "" : plugin + " ")
            + "speaks protocol "
            + Messages.PROTOCOL,
        "choose Update in " + PythonEnvironment.MAKE.replace("=create", "=update"));
  }

  @Override
  public synchronized void closed(String reason) {
    Transport line = transport;
    die(line == null ? silent("did not start: " + reason) : line.death(reason));
  }

  /** Ends the session and the engine, and fails what waits. */
  void die(EngineException why) {
    if (end(why) && outbox != null) {
      disconnect();
    }
  }

  private void disconnect() {
    outbox.close();
    transport.kill();
  }

  /** Ends the session; false if it has ended before. */
  private boolean end(EngineException why) {
    synchronized (ending) {
      if (death != null) {
        return false;
      }
      death = why;
    }
    greeted.countDown();
    tasks.values().forEach(task -> task.die(why));
    segments.close();
    return true;
  }

  /** Ends the session politely, and the engine with it. */
  void close() {
    if (abandon()) {
      outbox.send(Messages.shutdown());
      outbox.close();
      outbox.join(LAST_LINES);
      transport.close();
    }
  }

  /** Ends the session and leaves the engine alone; false if it has ended before. */
  boolean abandon() {
    return end(new EngineException(ErrorCode.BRIDGE, "the engine was closed", ""));
  }
}
