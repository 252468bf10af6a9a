package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import ij.ImagePlus;
import ij.measure.ResultsTable;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.scijava.Context;
import org.scijava.command.CommandInfo;
import org.scijava.command.CommandModule;
import org.scijava.command.CommandService;
import org.scijava.module.ModuleItem;

class SegmentCommandTest {
  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  @Test
  void scriptGetsLabelsTableAndStatus() throws Exception {
    Map<String, Object> inputs = inputs();
    inputs.put("output", "labels,table");
    inputs.put("settings", "min_size=7 split=false");
    CommandModule done = run(inputs);
    assertEquals("field 1-labels", ((ImagePlus) done.getOutput("labels")).getTitle());
    assertFalse(((ImagePlus) done.getOutput("labels")).isVisible());
    assertEquals(2, ((ResultsTable) done.getOutput("table")).size());
    assertEquals("done", done.getOutput("status"));
    assertTrue(fake.engine().inputs().get("settings").toString().contains("\"min_size\":7"));
  }

  @Test
  void errorReachesTheScript() {
    Map<String, Object> inputs = inputs();
    inputs.put("model", "broken");
    EngineException error = error(inputs);
    assertEquals(ErrorCode.DEVICE_MEMORY, error.code());
    assertEquals(Status.Kind.ERROR, Status.last().kind());
    assertEquals(ErrorCode.DEVICE_MEMORY, Status.last().code());
    assertThrows(EngineException.class, () -> Status.last().orThrow());
  }

  @Test
  void settingsAreChecked() {
    Map<String, Object> inputs = inputs();
    inputs.put("settings", "model=x");
    assertEquals("model is given twice", error(inputs).message());
    inputs.put("settings", "min_siz=3");
    assertTrue(error(inputs).remedy().startsWith("write min_size"), error(inputs).remedy());
  }

  @Test
  void imageMustBeGiven() {
    Map<String, Object> inputs = new HashMap<>();
    inputs.put("image", null);
    assertEquals(ErrorCode.IMAGE, error(inputs).code());
  }

  @Test
  void nothingIsRememberedBetweenRuns() {
    try (Context context = new Context(CommandService.class)) {
      CommandInfo info = context.service(CommandService.class).getCommand(SegmentCommand.class);
      assertTrue(info.canRunHeadless());
      for (ModuleItem<?> input : info.inputs()) {
        assertFalse(input.isPersisted(), input.getName());
        assertEquals(input.getName().toLowerCase(java.util.Locale.ROOT), input.getName());
      }
    }
  }

  private static CommandModule run(Map<String, Object> inputs) throws Exception {
    try (Context context = new Context(CommandService.class)) {
      return context.service(CommandService.class).run(SegmentCommand.class, false, inputs).get();
    }
  }

  private static EngineException error(Map<String, Object> inputs) {
    Throwable thrown = assertThrows(ExecutionException.class, () -> run(inputs));
    while (!(thrown instanceof EngineException)) {
      thrown = thrown.getCause();
    }
    return (EngineException) thrown;
  }

  private static Map<String, Object> inputs() {
    Map<String, Object> inputs = new HashMap<>();
    ImagePlus image = IJ.createImage("", 23, 19, 1, 16);
    image.setTitle("field 1.tif");
    inputs.put("image", image);
    return inputs;
  }
}
