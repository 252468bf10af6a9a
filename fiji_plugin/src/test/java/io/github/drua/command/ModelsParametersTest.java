package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Engines;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What options say, and what the engine is then asked for. */
class ModelsParametersTest {
  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  private static ModelsParameters parse(String text) {
    return ModelsParameters.from(MacroOptions.parse(text));
  }

  private static String run(String text) {
    return parse(text).run(Engines.get(), Progress.NONE);
  }

  private List<String> requests(String op) {
    return fake.engine().models().requests(op);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "action=list",
        "action=add source=[/data/my models/spots.zip] replace=true allow_code=[]",
        "action=add source=https://zenodo.org/r/1/spots.zip replace=false allow_code=" + HASH,
        "action=add source=/net.onnx replace=false allow_code=[] axes=bcyx id=[my net]",
        "action=remove model=spots",
        "action=test model=spots device=cuda:0"
      })
  void whatIsRecordedReadsBackTheSame(String text) {
    assertEquals(text, OptionsText.of(parse(text).toOptions()));
  }

  private static final String HASH =
      "0123abcd0123abcd0123abcd0123abcd0123abcd0123abcd0123abcd0123abcd";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "action=lst | action is 'lst' | write action=list",
        "acton=list | 'acton' is not an option here | write action",
        "action=add | source is missing | write source=",
        "action=add source=[] | source is missing | write source=",
        "action=remove | model is missing | write model=",
        "action=test device=cpu | model is missing | write model=",
        "action=remove model=a device=cpu | device means nothing to action=remove | leave it out",
        "model=a | model means nothing to action=list | leave it out",
        "action=add source=/a replace=yes | replace is 'yes' | write one of these",
        "action=add source=/a allow_code=true | allow_code is 'true' | write the 64",
        "action=test model=a model=b | model is given twice | write it once"
      })
  void mistakesAreNamedWithARemedy(String text, String message, String remedy) {
    EngineException e = assertThrows(EngineException.class, () -> parse(text));
    assertEquals(ErrorCode.SETTING, e.code());
    assertTrue(e.message().contains(message), e.message());
    assertTrue(e.remedy().contains(remedy), e.remedy());
  }

  @Test
  void listIsATableWithWhatIsWrongBelow() {
    String[] lines = run(" ").split("\n");
    assertEquals("Model                Task     Licence       Size    State", lines[0]);
    assertEquals(
        "nuclei-fluorescence  segment  BSD-3-Clause  1.8 MB  passed its test 2026-11-21 12:54 on cpu;"
            + " difference 2.1e-06, in tiles 0.00040",
        lines[1]);
    assertEquals("cells                segment  BSD-3-Clause          not tested", lines[2]);
    assertTrue(
        lines[4].endsWith(
            "cannot run: the decoder stardist_postprocessing comes later; update Drua when it is"
                + " there"),
        lines[4]);
    assertEquals(
        "Cannot be read: /home/zoe/.local/share/drua/models/old-model: rdf.yaml has no weights, but"
            + " a model needs some; remove the folder, or install the model again",
        lines[5]);
  }

  @Test
  void packageIsInstalledAndThereAtOnce() {
    String told = run("action=add source=/data/spots.zip");
    assertEquals("Installed the model spots (Spots in FISH images)", told);
    assertEquals(
        Collections.singletonList(
            "add {\"source\":\"/data/spots.zip\",\"answers\":null,\"allow_code\":null,"
                + "\"replace\":false}"),
        requests("add"));
    assertTrue(
        Models.of(Engines.get(), "segment", Progress.NONE).stream()
            .anyMatch(card -> card.id().equals("spots")));
  }

  @Test
  void installedModelIsReplacedOnlyWhereThatIsWritten() {
    run("action=add source=/data/spots.zip");
    EngineException e =
        assertThrows(EngineException.class, () -> run("action=add source=/data/spots.zip"));
    assertEquals("the model is installed already; write replace=true", e.getMessage());
    run("action=add source=/data/spots.zip replace");
  }

  @Test
  void modelsThatCannotRunAreNotOfferedForSegmentation() {
    List<Card> cards = Models.of(Engines.get(), "segment", Progress.NONE);
    assertEquals(
        Arrays.asList("nuclei-fluorescence", "cells"),
        Arrays.asList(cards.stream().map(Card::id).toArray()));
  }

  @Test
  void programRunsOnlyWithItsHash() {
    EngineException e =
        assertThrows(EngineException.class, () -> run("action=add source=/data/code.zip"));
    assertEquals(ErrorCode.UNTRUSTED_MODEL, e.code());
    run("action=add source=/data/code.zip allow_code=" + FakeModels.SHA256);
    assertTrue(requests("add").get(1).contains("\"allow_code\":\"" + FakeModels.SHA256 + "\""));
  }

  @Test
  void answersOfANetworkAreCheckedAndTheRestHasItsDefault() {
    run("action=add source=/data/net.onnx id=my-net licence=MIT pixel_size=0.50 normalise=false");
    assertEquals(
        Collections.singletonList(
            "add {\"source\":\"/data/net.onnx\",\"answers\":{\"id\":\"my-net\",\"licence\":\"MIT\",\"authors\":\"\",\"task\":"
                + "\"segment\",\"axes\":\"bcyx\",\"decoder\":\"watershed\",\"pixel_size\":0.5,"
                + "\"halo\":32,\"normalise\":false},\"allow_code\":null,\"replace\":false}"),
        requests("add"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/data/net.onnx hallo=3 | 'hallo' is not an option here; write halo",
        "/data/net.onnx licence=MIT pixel_size=1 halo=2.5 | halo is '2.5', but must be a whole number",
        "/data/net.onnx licence=MIT | pixel_size is missing; write pixel_size=... (Pixel size)",
        "/data/net.onnx licence=[] | licence is missing; write licence=... (Licence)",
        "/data/spots.zip halo=3 | 'halo' is not an option here",
        "/data/spots.zip device=cpu | device means nothing to action=add",
        "/data/bad.zip | bad.zip holds no rdf.yaml; choose the zip file"
      })
  void whatDoesNotFitTheSourceIsRefusedBeforeAnythingIsInstalled(String text, String message) {
    EngineException e = assertThrows(EngineException.class, () -> run("action=add source=" + text));
    assertTrue(e.getMessage().contains(message), e.getMessage());
    assertEquals(Collections.emptyList(), requests("add"));
  }

  @Test
  void removedModelIsGoneAndAShippedOneStays() {
    assertEquals("Removed the model cells", run("action=remove model=cells"));
    assertTrue(!run("action=list").contains("cells "));
    EngineException e =
        assertThrows(EngineException.class, () -> run("action=remove model=nuclei-fluorescence"));
    assertTrue(e.getMessage().contains("comes with Drua"), e.getMessage());
  }

  @Test
  void testTellsItsOutcomeAndAFailedOneIsAnError() {
    assertEquals("passed on cuda:0\nDevice cpu", run("action=test model=fnet device=cuda:0"));
    EngineException e = assertThrows(EngineException.class, () -> run("action=test model=cells"));
    assertEquals(ErrorCode.MODEL, e.code());
    assertEquals(
        "the model 'cells' failed its test on cpu; difference 0.31, in tiles 0.00040, but 0.0001 is"
            + " allowed",
        e.message());
    assertTrue(run("").contains("failed its test 2026-11-21 12:54"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "5", "'x'", "true", "[]", "{}", "[null,7,{}]"})
  void fieldsOfAnotherKindAreLeftOutOrRefused(String value) {
    JsonObject whole = fake.engine().models().card("spots", "Spots", "segment");
    for (String field : whole.names()) {
      JsonValue spoiled = Json.parse(value.replace('\'', '"'));
      JsonObject outputs =
          new JsonObject()
              .add("models", new JsonArray().add(new JsonObject(whole).set(field, spoiled)));
      try {
        Inventory inventory = Models.read(outputs, Inventory::new);
        assertTrue(new ModelsTable(inventory).text().startsWith("Model"), field);
        Card card = inventory.cards().get(0);
        String all = card.name() + card.authors() + card.tags() + card.weights() + card.inputs();
        assertTrue((all + card.outputs() + card.pixelSize() + card.cover()).length() > 9, field);
      } catch (EngineException e) {
        assertEquals("settings", field, e.toString());
        assertTrue(e.code() == ErrorCode.PROTOCOL || e.code() == ErrorCode.CARD, e.toString());
      }
    }
  }

  @Test
  void hiddenLettersOfAProgramAreShown() {
    Inspection found = Models.inspect(Engines.get(), "/code.zip", Progress.NONE);
    assertTrue(found.code().text().contains("# \\u202e evil\n"), found.code().text());
  }
}
