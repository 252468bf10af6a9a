package io.github.drua.command;

import ij.ImagePlus;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.Progress;
import io.github.drua.ui.ModelDialog;
import io.github.drua.ui.SegmentDialog;
import java.util.Collections;
import java.util.List;

/** The menu entry and macro command {@code Drua Segment...}: finds objects. */
public final class SegmentPlugin extends ModelPlugin<SegmentParameters> {
  static final String COMMAND = "Drua Segment...";
  static final String PURPOSE = "to segment";

  /** Creates the command. */
  public SegmentPlugin() {
    super(COMMAND, PURPOSE, SegmentParameters.DEFAULT_MODEL);
  }

  @Override
  SegmentParameters fromOptions(EngineClient engine, MacroOptions options, Progress progress) {
    return parameters(engine, options, progress);
  }

  static SegmentParameters parameters(
      EngineClient engine, MacroOptions options, Progress progress) {
    Card card = Models.card(engine, SegmentParameters.modelOf(options), progress);
    return SegmentParameters.from(options, card);
  }

  @Override
  List<Card> cards(EngineClient engine, Progress progress) {
    return Models.of(engine, "segment", progress);
  }

  @Override
  ModelDialog<SegmentParameters> dialog(ImagePlus image, List<Card> cards, List<String> devices) {
    return new SegmentDialog(image, cards, devices);
  }

  @Override
  Outcome show(
      EngineClient engine, ImagePlus image, SegmentParameters parameters, Progress progress) {
    Segmentation result =
        Segmentation.of(engine, image, parameters, Collections.emptyMap(), progress);
    result.show();
    return result.outcome();
  }
}
