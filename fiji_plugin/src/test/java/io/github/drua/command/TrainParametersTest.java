package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ij.IJ;
import io.github.drua.engine.EngineException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainParametersTest {
  @TempDir private Path folder;

  private static TrainParameters parse(String text) {
    return TrainParameters.from(MacroOptions.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name=mine noisy=[] clean=[] folder=/t minutes=5 dimensions=2d channel=0 structure=auto"
            + " device=auto resume=false replace=false",
        "name=my_2.model-3 noisy=[/data/my noisy] clean=/data/clean folder=[/my models]"
            + " minutes=0.25 dimensions=3d channel=[DAPI,my GFP] structure=rows device=cuda:0"
            + " resume=true replace=true"
      })
  void whatIsRecordedReadsBackTheSame(String text) {
    assertEquals(text, OptionsText.of(parse(text).toOptions()));
  }

  @Test
  void whatIsLeftOutHasItsDefault() {
    assertEquals(
        "name=mine noisy=[] clean=[] folder="
            + TrainParameters.defaultFolder()
            + " minutes=5 dimensions=2d channel=0 structure=auto device=auto resume=false"
            + " replace=false",
        OptionsText.of(parse("name=mine").toOptions()));
  }

  @Test
  void inputsAreThoseOfTheOperation() {
    assertEquals(
        "{\"images\":[\"/n\"],\"clean\":\"/c\",\"source\":\"a.tif\",\"output\":\"/t/mine\","
            + "\"axes\":\"ZYX\",\"minutes\":2.5,\"channel\":\"0\",\"structure\":\"auto\","
            + "\"device\":\"auto\",\"resume\":false,\"replace\":false,\"install\":true}",
        parse("name=mine noisy=/n clean=/c folder=/t minutes=2.50 dimensions=3d")
            .inputs("a.tif")
            .toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "minutes=3 | the model has no name | my-denoiser (name=my-denoiser in a macro)",
        "name=[My Model (2)] | name is 'My Model (2)' | my-model-2 (name=my-model-2 in a macro)",
        "name=a minutes=0 | minutes is '0', but must be a number above 0 | default is 5",
        "name=a minutes=long | minutes is 'long' | default is 5",
        "name=a dimensions=3D | dimensions is '3D' | write dimensions=3d",
        "name=a structure=lines | structure is 'lines' | write one of these",
        "name=a structure=row | structure is 'row' | write structure=rows",
        "name=a resume=yes | resume is 'yes' | write one of these",
        "name=a clean=/c | noisy names no folder | write noisy=",
        "name=a minuts=3 | 'minuts' is not an option here | write minutes"
      })
  void mistakesAreNamedWithARemedy(String text, String message, String remedy) {
    EngineException e = assertThrows(EngineException.class, () -> parse(text));
    assertTrue(e.message().contains(message), e.message());
    assertTrue(e.remedy().contains(remedy), e.remedy());
  }

  @Test
  void trainingIsNeitherOverwrittenNorMissed() throws Exception {
    String place = " folder=[" + folder + "]";
    EngineException missing =
        assertThrows(EngineException.class, parse("name=a resume=true" + place)::checkPlace);
    assertTrue(missing.message().contains("holds no training"), missing.message());
    parse("name=a" + place).checkPlace();
    Files.createDirectories(folder.resolve("a"));
    Files.write(folder.resolve("a").resolve("checkpoint.pt"), new byte[] {1});
    assertTrue(TrainParameters.holdsTraining(folder.toString(), "a"));
    assertFalse(TrainParameters.holdsTraining(folder.toString(), ""));
    parse("name=a resume=true" + place).checkPlace();
    parse("name=a replace=true" + place).checkPlace(); // the engine sets the earlier one aside
    EngineException there =
        assertThrows(EngineException.class, parse("name=a" + place)::checkPlace);
    assertTrue(
        there.remedy().contains("the training of this name (resume=true in a macro)"),
        there.remedy());
    assertEquals(new File(folder.toFile(), "a"), parse("name=a" + place).training());
  }

  @Test
  void nameIsMadeFromTheTitle() {
    assertEquals(
        "cells-day-3-denoiser",
        TrainParameters.suggestedName(IJ.createImage("Cells: day 3.ome.tif", "8-bit", 9, 9, 1)));
    assertEquals("my-denoiser", TrainParameters.suggestedName(null));
    assertEquals(
        "my-denoiser", TrainParameters.suggestedName(IJ.createImage("---", "8-bit", 9, 9, 1)));
    String suggested =
        TrainParameters.suggestedName(
            IJ.createImage(String.join("", java.util.Collections.nCopies(30, "ab ")), 9, 9, 1, 8));
    assertTrue(suggested.length() <= 50, suggested);
    parse("name=" + suggested);
  }
}
