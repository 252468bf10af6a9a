package io.github.drua.environment;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** Keeps what it is told. */
final class Watcher implements BuildProgress {
  final Set<Phase> phases = new LinkedHashSet<>();
  final List<String> details = new ArrayList<>();
  final List<Double> fractions = new ArrayList<>();
  private final BooleanSupplier cancelled;

  Watcher() {
    this(() -> false);
  }

  Watcher(BooleanSupplier cancelled) {
    this.cancelled = cancelled;
  }

  @Override
  public void update(Phase phase, String detail, double fraction) {
    phases.add(phase);
    details.add(detail);
    fractions.add(fraction);
  }

  @Override
  public void line(String line) {
    details.add(line);
  }

  @Override
  public boolean cancelled() {
    return cancelled.getAsBoolean();
  }
}
