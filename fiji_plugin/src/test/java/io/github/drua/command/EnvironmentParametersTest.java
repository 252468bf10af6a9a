package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.drua.engine.EngineException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentParametersTest {
  private static EnvironmentParameters parse(String text) {
    return EnvironmentParameters.from(MacroOptions.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "action=create python=[] wheels=[] device=auto",
        "action=update python=[/opt/my python/bin/python] wheels=[/media/stick/wh els] device=cpu",
        "action=repair python=/usr/bin/python3 wheels=[] device=nvidia",
        "action=create python=[] wheels=[] device=torch",
        "action=delete python=[] wheels=[] device=auto",
        "action=use python=/env wheels=[] device=auto"
      })
  void whatIsRecordedReadsBackTheSame(String text) {
    assertEquals(text, OptionsText.of(parse(text).toOptions()));
  }

  @Test
  void defaultIsToReport() {
    assertEquals(
        "action=report python=[] wheels=[] device=auto", OptionsText.of(parse(" ").toOptions()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "action=creat | action is 'creat' | write action=create",
        "acton=create | 'acton' is not an option here | write action",
        "action=create device=gpu | device is 'gpu' | write device=cpu",
        "action=use | no python is named | write python=",
        "action=delete wheels=/w | wheels means nothing to action=delete | leave it out",
        "action=use python=/p device=cpu | device means nothing to action=use | leave it out",
        "python=/p | python means nothing to action=report | leave it out",
        "action=create action=update | action is given twice | write it once"
      })
  void mistakesAreNamedWithARemedy(String text, String message, String remedy) {
    EngineException e = assertThrows(EngineException.class, () -> parse(text));
    assertTrue(e.message().contains(message), e.message());
    assertTrue(e.remedy().contains(remedy), e.remedy());
  }
}
