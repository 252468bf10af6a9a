package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import ij.CompositeImage;
import ij.IJ;
import ij.ImagePlus;
import ij.process.LUT;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.awt.Color;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.scijava.Context;
import org.scijava.command.CommandModule;
import org.scijava.command.CommandService;

/** Denoised and stained images as ImageJ gets them. */
class TranslateTest {
  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  private final ImagePlus image = IJ.createImage("field 1.tif", 22, 18, 6, 16);

  @BeforeEach
  void install() {
    fake.engine().models().install(FakeEngine.DENOISER);
  }

  @Test
  void displayTravelsToTheEngine() {
    image.setLut(LUT.createLutFromColor(Color.RED));
    image.setDisplayRange(12, 345);
    denoise("", outputs -> {});
    assertEquals("{\"ranges\":[[12,345]],\"colours\":[\"#ff0000\"]}", sent("display"));
    ImagePlus rgb = IJ.createImage("rgb", "RGB", 22, 18, 1);
    translate(rgb, "");
    assertEquals("null", sent("display"));
  }

  @Test
  void labelsTravelOnlyWhereThereIsOne() {
    denoise("", outputs -> {});
    assertEquals("{\"labels\":[],\"info\":\"\"}", sent("captions"));
    image.getStack().setSliceLabel("third", 3);
    denoise("", outputs -> {});
    assertEquals(
        "{\"labels\":[\"\",\"\",\"third\",\"\",\"\",\"\"],\"info\":\"\"}", sent("captions"));
    translate(IJ.createImage("plane", 22, 18, 1, 16), "");
    assertEquals("{\"labels\":[],\"info\":\"\"}", sent("captions"));
  }

  @Test
  void displayOfSignedPixelsIsInTheirValues() {
    image.getCalibration().setSigned16BitCalibration();
    image.setDisplayRange(32768 - 100, 32768 + 500); // as ImageJ stores them
    denoise("", outputs -> {});
    assertEquals("{\"ranges\":[[-100,500]],\"colours\":[\"#ffffff\"]}", sent("display"));
  }

  @Test
  void denoisedImageHasTheEnginesRangesAndTheInputsColoursAndLabels() {
    byte[] ramp = new byte[256];
    for (int i = 0; i < 256; i++) {
      ramp[i] = (byte) (255 - i);
    }
    image.setLut(new LUT(ramp, ramp, ramp));
    image.getStack().setSliceLabel("third", 3);
    ImagePlus made = denoise("", outputs -> {}).maps().get("denoised");
    assertEquals("field 1-denoised", made.getTitle());
    assertEquals(2, made.getDisplayRangeMin());
    assertEquals(90, made.getDisplayRangeMax());
    assertEquals(new Color(255, 255, 255).getRGB(), made.getLuts()[0].getRGB(0));
    assertEquals("third", made.getStack().getSliceLabel(3));
  }

  @Test
  void pixelsHaveTheTypeThatTheEngineSays() {
    ImagePlus bytes = typed("uint8", "#00ff00");
    assertEquals(8, bytes.getBitDepth());
    assertEquals(0x3f, bytes.getStack().getProcessor(1).get(7), "the highest byte of 1.0f");
    assertEquals(16, typed("uint16", "#00ff00").getBitDepth());
    ImagePlus signed = typed("int16", "#00ff00");
    assertEquals(16, signed.getBitDepth());
    assertEquals(32768 + 90, signed.getDisplayRangeMax());
    assertEquals(0, signed.getCalibration().getCValue(signed.getStack().getProcessor(1).get(0)));
  }

  @Test
  void threeChannelsOfBytesCanBeColours() {
    ImagePlus made =
        denoise(
                "",
                outputs -> {
                  JsonObject map = first(outputs);
                  map.set("dtype", "uint8").set("shape", Json.array(1, 1, 3, 18, 22));
                  map.get("display").asObject().set("rgb", true);
                })
            .maps()
            .get("denoised");
    assertEquals(ImagePlus.COLOR_RGB, made.getType());
    assertArrayEquals(new int[] {22, 18, 1, 1, 1}, made.getDimensions());
  }

  @Test
  void channelsAreShownTogetherInTheirColours() {
    ImagePlus made =
        denoise(
                "output=difference",
                outputs -> {
                  JsonObject map = first(outputs);
                  map.set("shape", Json.array(1, 3, 2, 18, 22));
                  map.set("channel_names", Json.array("nuclei", "neurites"));
                  JsonObject display = map.get("display").asObject();
                  display.set("colours", Json.array("#0000ff", "#ffff00"));
                  display.set("ranges", Json.parse("[[0,1],[5,7.5]]"));
                })
            .maps()
            .get("difference");
    CompositeImage composite = assertInstanceOf(CompositeImage.class, made);
    assertEquals(IJ.COMPOSITE, composite.getMode());
    assertEquals(Color.YELLOW.getRGB(), composite.getChannelLut(2).getRGB(255));
    assertEquals(7.5, composite.getChannelLut(2).max);
    assertEquals("neurites", made.getStack().getSliceLabel(4));
  }

  @Test
  void resultThatDoesNotHoldTogetherIsAnErrorOfTheProtocol() {
    assertEquals(ErrorCode.PROTOCOL, error(map -> map.set("dtype", "complex64")).code());
    assertEquals(
        ErrorCode.PROTOCOL, error(map -> map.get("display").asObject().set("rgb", true)).code());
    assertEquals(
        ErrorCode.PROTOCOL,
        error(map -> map.get("display").asObject().set("ranges", Json.array())).code());
  }

  @Test
  void scriptGetsTheImages() throws Exception {
    Map<String, Object> inputs = new HashMap<>();
    inputs.put("image", image);
    inputs.put("output", "difference");
    inputs.put("type", "input");
    try (Context context = new Context(CommandService.class)) {
      CommandModule done =
          context.service(CommandService.class).run(DenoiseCommand.class, false, inputs).get();
      assertEquals("field 1-difference", ((ImagePlus) done.getOutput("difference")).getTitle());
      assertEquals("done", done.getOutput("status"));
      assertEquals("input", fake.engine().inputs().getString("type", ""));
      inputs.remove("type");
      inputs.put("model", "colours");
      inputs.put("output", "");
      fake.engine().models().install(FakeEngine.COLOURS);
      CommandModule stain =
          context.service(CommandService.class).run(StainCommand.class, false, inputs).get();
      assertEquals("field 1-stained", ((ImagePlus) stain.getOutput("stained")).getTitle());
    }
  }

  private ImagePlus typed(String dtype, String colour) {
    return denoise(
            "",
            outputs -> {
              JsonObject map = first(outputs);
              map.set("dtype", dtype);
              map.get("display").asObject().set("colours", Json.array(colour));
            })
        .maps()
        .get("denoised");
  }

  private EngineException error(Consumer<JsonObject> spoil) {
    return assertThrows(
        EngineException.class, () -> denoise("", outputs -> spoil.accept(first(outputs))));
  }

  private static JsonObject first(JsonObject outputs) {
    return outputs.get("maps").asObject().iterator().next().getValue().asObject();
  }

  private String sent(String name) {
    return fake.engine().inputs().get(name).toString();
  }

  private RunHost denoise(String options, Consumer<JsonObject> spoil) {
    fake.engine().spoil(spoil);
    return translate(image, options);
  }

  private static RunHost translate(ImagePlus image, String options) {
    Map<String, String> values =
        options.isEmpty() ? new HashMap<>() : MacroOptions.parse(options).all();
    return RunHost.translate("denoise", image, values, Collections.emptyMap(), Progress.NONE);
  }
}
