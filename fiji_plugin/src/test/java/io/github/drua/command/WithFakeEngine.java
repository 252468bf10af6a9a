package io.github.drua.command;

import io.github.drua.engine.Engines;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Gives each test an engine of its own, which needs no Python. */
public final class WithFakeEngine implements BeforeEachCallback, AfterEachCallback {
  private FakeEngine engine;

  /** Returns the engine of the test. */
  public FakeEngine engine() {
    return engine;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    engine = new FakeEngine();
    Engines.host(engine);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    Engines.unhost();
  }
}
