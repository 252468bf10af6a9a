package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import io.github.drua.engine.EngineException;
import org.junit.jupiter.api.Test;

class ImageParametersTest {
  private static final Card CARD =
      new Card(Json.parse(FakeEngine.DENOISER.replace('\'', '"')).asObject());

  @Test
  void absentOptionsHaveTheirDefaults() {
    JsonObject inputs = denoise(" ").inputs("a.tif", "a");
    assertEquals("denoise-fluorescence", inputs.getString("model", ""));
    assertEquals("[\"denoised\"]", inputs.get("outputs").toString());
    assertEquals("32-bit", inputs.getString("type", ""));
    assertEquals(0, inputs.getInt("channel", -1));
    JsonObject stain = stain("model=m").inputs("a.tif", "a");
    assertEquals("[\"stained\"]", stain.get("outputs").toString());
    assertNull(stain.get("type"));
  }

  @Test
  void outputsHaveOneOrder() {
    ImageParameters parameters = denoise("output=report,denoised type=input diameter=12");
    assertEquals("denoised,report", parameters.toOptions().get("output"));
    assertEquals(
        "{model=denoise-fluorescence, output=denoised,report, type=input, save=, planes=all,"
            + " channel=0, device=auto, diameter=12}",
        parameters.toOptions().toString());
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    ImageParameters parameters = denoise("output=difference type=input channel=2 planes=current");
    MacroOptions written = MacroOptions.of(parameters.toOptions());
    ImageParameters read = ImageParameters.from(ImageTask.DENOISE, written, CARD);
    assertEquals(parameters.toOptions(), read.toOptions());
  }

  @Test
  void wrongOptionsAreErrorsWithARemedy() {
    EngineException output = error(ImageTask.DENOISE, "output=labels");
    assertEquals(
        "output is 'labels', but must be of denoised, difference, report", output.message());
    EngineException type = error(ImageTask.DENOISE, "type=8-bit");
    assertEquals("type is '8-bit', but must be of 32-bit, input", type.message());
    assertEquals("write type=32-bit", type.remedy());
    assertEquals("no model is named", error(ImageTask.STAIN, "output=stained").message());
    assertFalse(error(ImageTask.STAIN, "model=m type=input").message().isEmpty());
  }

  @Test
  void outputThatIsWrittenAsAnOptionIsKnown() {
    EngineException alone = error(ImageTask.DENOISE, "difference=true");
    assertEquals(
        "'difference' is not an option here, but something that output can name", alone.message());
    assertEquals("write output=[difference]", alone.remedy());
    assertEquals(
        "write output=[denoised,difference]",
        error(ImageTask.DENOISE, "output=denoised difference").remedy());
    assertTrue(
        error(ImageTask.STAIN, "model=m difference").remedy().startsWith("write one of model,"));
  }

  @Test
  void keyThatIsNearToModelIsNamed() {
    EngineException error = error(ImageTask.STAIN, "mode=stain-nuclei-histology output=stained");
    assertEquals("no model is named, but 'mode' is", error.message());
    assertEquals("write model=stain-nuclei-histology", error.remedy());
    assertTrue(error(ImageTask.STAIN, "device=cpu").remedy().startsWith("write model=ID with"));
  }

  private static ImageParameters denoise(String options) {
    return ImageParameters.from(ImageTask.DENOISE, MacroOptions.parse(options), CARD);
  }

  private static ImageParameters stain(String options) {
    return ImageParameters.from(ImageTask.STAIN, MacroOptions.parse(options), CARD);
  }

  private static EngineException error(ImageTask task, String options) {
    return assertThrows(
        EngineException.class, () -> ImageParameters.from(task, MacroOptions.parse(options), CARD));
  }
}
