package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.io.File;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmentParametersTest {
  private static final Card CARD =
      new Card(
          Json.parse(
                  ("{'id':'m','task':'segment','settings':" + FakeEngine.SETTINGS + "}")
                      .replace('\'', '"'))
              .asObject());

  @Test
  void absentOptionsHaveTheirDefaults() {
    JsonObject inputs = parse(" ").inputs("a.tif", "a");
    assertEquals("nuclei-fluorescence", inputs.getString("model", ""));
    assertEquals(0, inputs.getInt("channel", -1));
    assertEquals("auto", inputs.getString("device", ""));
    assertTrue(inputs.get("save").isNull());
    assertEquals(
        "{\"mask_threshold\":0.5,\"min_size\":20,\"split\":true,\"edges\":\"keep\"}",
        inputs.get("settings").toString());
  }

  @Test
  void settingsTravelWithTheirTypes() {
    JsonObject inputs =
        parse("mask_threshold=0.25 min_size=7 split=false edges=remove").inputs("a", "a");
    assertEquals(
        "{\"mask_threshold\":0.25,\"min_size\":7,\"split\":false,\"edges\":\"remove\"}",
        inputs.get("settings").toString());
  }

  @Test
  void folderIsMadeAbsolute() {
    JsonObject save = parse("save=[some folder]").inputs("a", "stem").get("save").asObject();
    assertEquals(new File("some folder").getAbsolutePath(), save.getString("folder", ""));
    assertEquals("stem", save.getString("stem", ""));
  }

  @Test
  void outlinesAreAskedForOnlyWhereTheyAreUsed() {
    assertTrue(parse("output=overlay").inputs("a", "a").getBoolean("outlines", false));
    assertEquals(false, parse("output=labels,table").inputs("a", "a").getBoolean("outlines", true));
  }

  @Test
  void channelsTravelAsNumberOrText() {
    assertEquals("2", parse("channel=2").inputs("a", "a").get("channel").toString());
    assertEquals("\"DAPI\"", parse("channel=DAPI").inputs("a", "a").get("channel").toString());
    assertEquals(
        "\"3, GFP 2\"", parse("channel=[3, GFP 2]").inputs("a", "a").get("channel").toString());
    assertEquals("3, GFP 2", parse("channel=[3, GFP 2]").toOptions().get("channel"));
  }

  @Test
  void mapsAreAskedForByTheirName() {
    assertEquals(false, parse(" ").inputs("a", "a").getBoolean("maps", true));
    assertTrue(parse("output=maps,labels").inputs("a", "a").getBoolean("maps", false));
    assertEquals("labels,maps", parse("output=maps,labels").toOptions().get("output"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "modle=x;'modle' is not an option here",
        "mask_treshold=0.5;'mask_treshold' is not an option here",
        "mask_threshold=7;mask_threshold is '7', but must lie in its range (0.05 to 0.95)",
        "mask_threshold=NaN;mask_threshold is 'NaN', but must be a number",
        "mask_threshold=0x1p3;mask_threshold is '0x1p3', but must be a number",
        "min_size=1.5;min_size is '1.5', but must be a whole number",
        "min_size=-1;min_size is '-1', but must lie in its range (at least 0)",
        "split=yes;split is 'yes', but must be one of true, false",
        "edges=drop;edges is 'drop', but must be one of keep, remove",
        "output=label;output is 'label', but must be of labels, rois, overlay, table, maps",
        "output=labels,;output is 'labels,', but a name is missing beside a comma",
        "output=[labels, ,rois];output is 'labels, ,rois', but a name is missing beside a comma",
        "output=rois,rois;output names 'rois' twice",
        "output=[];output is empty",
        "planes=3;planes is '3', but must be of all, current",
        "channel=[];channel is empty",
        "device=[];device is empty",
        "model=[ ];model is empty",
      })
  void wrongOptionsAreNamed(String text, String message) {
    EngineException error = assertThrows(EngineException.class, () -> parse(text));
    assertEquals(ErrorCode.SETTING, error.code());
    assertEquals(message, error.message());
  }

  @Test
  void recordingWhatWasRecordedGivesTheSame() {
    Random random = new Random(11);
    for (int i = 0; i < 3_000; i++) {
      String options =
          "model=[m "
              + random.nextInt(99)
              + "] output="
              + (i % 2 == 0 ? "rois,labels" : "table")
              + " save=[/a b/"
              + random.nextInt()
              + "] planes="
              + (i % 3 == 0 ? "all" : "current")
              + " channel="
              + random.nextInt(5)
              + " mask_threshold="
              + (0.05 + 0.9 * random.nextDouble())
              + " min_size="
              + random.nextInt(1_000_000)
              + " split="
              + random.nextBoolean();
      String recorded = OptionsText.of(parse(options).toOptions());
      assertEquals(recorded, OptionsText.of(parse(recorded).toOptions()));
      assertEquals(
          parse(options).inputs("a", "a").toString(), parse(recorded).inputs("a", "a").toString());
    }
  }

  private static SegmentParameters parse(String text) {
    return SegmentParameters.from(MacroOptions.parse(text), CARD);
  }
}
