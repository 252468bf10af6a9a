package io.github.drua.command;

import java.util.Map;

/** Everything that decides what a run of a model gives, checked. */
public interface Parameters {
  /** Returns every parameter as options that give these parameters again. */
  Map<String, String> toOptions();
}
