package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.macro.Interpreter;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MacroOptionsTest {
  private static final String PIECES = "ab Z09_=[]/.,:-äß★'\"\\&|(){}";

  @Test
  void keysInsideValuesAreNoKeys() {
    MacroOptions options = MacroOptions.parse("name=[x diameter=3 y] diameter=12 ");
    assertEquals("x diameter=3 y", options.get("name", ""));
    assertEquals("12", options.get("diameter", ""));
  }

  @Test
  void keysInsideOtherKeysAreOther() {
    MacroOptions options = MacroOptions.parse("cell_diameter=30 diameter=12");
    assertEquals("12", options.get("diameter", ""));
  }

  @Test
  void bracketsInsideAValueStay() {
    assertEquals("/a [b]/[c] d", MacroOptions.parse("save=[/a [b]/[c] d]").get("save", ""));
  }

  @Test
  void flagWithoutValueIsTrue() {
    MacroOptions options = MacroOptions.parse("split other=false");
    assertEquals("true", options.get("split", ""));
    assertEquals("false", options.get("other", ""));
  }

  @Test
  void emptyBracketsAreAnEmptyValue() {
    assertEquals("", MacroOptions.parse("save=[]").get("save", "x"));
  }

  @Test
  void blanksAreNoOptions() {
    assertTrue(MacroOptions.parse(" \t ").all().isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "model=a model=b;model is given twice",
        "split split;split is given twice",
        "model=;model= has no value",
        "=a;'=a' does not begin with a lower-case name",
        "Model=a;'Model=a' does not begin with a lower-case name",
        "9diameter=30;'9diameter=30' does not begin with a lower-case name",
        "save=[/a b;save begins with [, but no ] ends it",
        "save=[/a b]c;'c' follows the ] of save",
        "save=/a]b;save is '/a]b', but each [ needs its ]",
        "save=&folder;save is '&folder', but a value must not begin with &",
      })
  void malformedOptionsAreNamed(String text, String message) {
    EngineException error = assertThrows(EngineException.class, () -> MacroOptions.parse(text));
    assertEquals(ErrorCode.SETTING, error.code());
    assertEquals(message, error.message());
  }

  @Test
  void unknownKeyNamesTheNearestOne() {
    EngineException error =
        assertThrows(
            EngineException.class,
            () -> MacroOptions.parse("diametr=3").allowOnly(Arrays.asList("model", "diameter")));
    assertEquals(
        "'diametr' is not an option here; write diameter (there are model, diameter)",
        error.getMessage());
  }

  @Test
  void unknownKeyThatIsNearToNoneNamesThemAll() {
    EngineException error =
        assertThrows(
            EngineException.class,
            () -> MacroOptions.parse("difference=1").allowOnly(Arrays.asList("model", "device")));
    assertEquals(
        "'difference' is not an option here; write one of model, device", error.getMessage());
  }

  @Test
  void whatIsWrittenReadsBackTheSame() {
    Random random = new Random(5);
    int written = 0;
    for (int i = 0; i < 20_000; i++) {
      Map<String, String> values = new LinkedHashMap<>();
      for (String key : Arrays.asList("model", "save", "x_1")) {
        values.put(key, text(random));
      }
      String text;
      try {
        text = OptionsText.of(values);
      } catch (EngineException e) {
        continue; // refused, which is right only for what cannot be read back
      }
      written++;
      assertEquals(values, MacroOptions.parse(text).all(), text);
      assertEquals(text, OptionsText.of(MacroOptions.parse(text).all()));
    }
    assertTrue(written > 5_000, written + " of 20,000 could be written");
  }

  @Test
  void macroLanguageReadsTheStatementAsItIsWritten() {
    Random random = new Random(7);
    for (int i = 0; i < 300; i++) {
      Map<String, String> values = new LinkedHashMap<>();
      values.put("save", text(random));
      String options;
      try {
        options = OptionsText.of(values);
      } catch (EngineException e) {
        continue;
      }
      String statement = OptionsText.statement("x", values, false);
      String macro = statement.replaceFirst("run", "read = second");
      macro += "return read; function second(a, b) { return b; }";
      assertEquals(options, new Interpreter().run(macro, ""), statement);
    }
  }

  @Test
  void onlyWhatCannotBeReplayedIsRefused() {
    for (String value : Arrays.asList("a[b", "a]b", "][", "&a", "a\nb", "a\tb")) {
      Map<String, String> values = new LinkedHashMap<>();
      values.put("save", value);
      assertThrows(EngineException.class, () -> OptionsText.of(values), value);
    }
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(7); i > 0; i--) {
      text.append(PIECES.charAt(random.nextInt(PIECES.length())));
    }
    return text.toString();
  }
}
