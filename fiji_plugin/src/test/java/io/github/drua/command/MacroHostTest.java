package io.github.drua.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Macros in a headless ImageJ, plain and with ij1-patcher, as programs of their own. */
class MacroHostTest {
  private static final String IMAGE = "newImage(\"field 1.tif\", \"16-bit ramp\", 23, 19, 1);\n";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void macroGetsLabelsRoisAndEnd(boolean patched) throws Exception {
    Jvm run =
        run(
            patched,
            IMAGE
                + "run(\"Drua Segment...\", \"model=nuclei-fluorescence output=labels,rois\");\n"
                + "print(getTitle() + \" \" + Overlay.size + \" \" + getValue(1, 1));\n"
                + "run(\"Invert\"); print(getArgument());\n",
            "über [1] b");
    assertEquals("field 1-labels 2 1\nüber [1] b\n", run.out, run.toString());
    assertEquals("", run.err, run.toString());
    assertEquals(0, run.exit);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void errorOfOursStopsTheMacroAndIsToldOnce(boolean patched) throws Exception {
    Jvm run =
        run(patched, IMAGE + "run(\"Drua Segment...\", \"model=broken\"); print(\"went on\");", "");
    assertEquals("", run.out, run.toString());
    assertEquals("Drua: 8 GiB are needed, but 4 GiB are free; choose device=cpu\n", run.err);
    assertEquals(1, run.exit);
  }

  @Test
  void unknownOptionStopsTheMacro() throws Exception {
    Jvm run = run(false, IMAGE + "run(\"Drua Segment...\", \"modle=x\"); print(\"went on\");", "");
    assertEquals("", run.out, run.toString());
    assertTrue(run.err.startsWith("Drua: 'modle' is not an option here; write model"), run.err);
    assertEquals(1, run.exit);
  }

  @Test
  void missingImageOrOptionsStopTheMacro() throws Exception {
    Jvm noImage = run(false, "run(\"Drua Segment...\", \" \"); print(\"went on\");", "");
    assertEquals(
        "Drua: no image is open, but there must be one to segment; open an image\n",
        noImage.err,
        noImage.toString());
    Jvm noOptions = run(false, IMAGE + "run(\"Drua Segment...\"); print(\"went on\");", "");
    assertTrue(noOptions.err.startsWith("Drua: there are no options"), noOptions.toString());
    assertEquals("", noOptions.out);
    assertEquals(1, noOptions.exit);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void errorInACalledMacroStopsItsCallerToo(boolean patched) throws Exception {
    Path inner = write("inner.ijm", IMAGE + "run(\"Drua Segment...\", \"model=broken\");");
    Jvm run = run(patched, "runMacro(\"" + inner + "\"); print(\"went on\");", "");
    assertEquals(1, run.exit, run.toString());
  }

  @Test
  void filesThatCannotBeSavedAreAnError() throws Exception {
    Jvm run = run(false, IMAGE + "run(\"Drua Segment...\", \"save=/full\");", "");
    assertEquals("Drua: the files cannot be written; make room\n", run.err, run.toString());
    assertEquals(1, run.exit);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x = 1 +* 2;", "exit(\"no\");", "run(\"No Such Command\");"})
  void macroThatStopsIsNoSuccess(String text) throws Exception {
    Jvm run =
        run(text.contains("exit"), "print(\"begun\");\n" + text + "\nprint(\"went on\");", "");
    assertEquals(1, run.exit, run.toString());
    assertTrue(run.err.contains("trial.ijm stopped in line 2: "), run.toString());
  }

  @Test
  void blankOptionsMeanDefaults() throws Exception {
    Jvm run = run(false, IMAGE + "run(\"Drua Segment...\", \" \"); print(getTitle());", "");
    assertEquals("field 1-labels\n", run.out, run.toString());
  }

  @Test
  void checkPrintsItsReport() throws Exception {
    Jvm run = run(false, "run(\"Drua Check Engine...\");", "");
    assertTrue(run.out.contains("Device     cpu: works"), run.toString());
    assertEquals(0, run.exit);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void modelsAreListedInstalledTestedAndRemoved(boolean patched) throws Exception {
    Jvm run =
        run(
            patched,
            "run(\"Drua Models...\");\n"
                + "run(\"Drua Models...\", \"action=add source=[/data/my models/spots.zip]\");\n"
                + "run(\"Drua Models...\", \"action=test model=spots\");\n"
                + "run(\"Drua Models...\", \"action=remove model=spots\");\n"
                + "run(\"Drua Models...\", \"action=remove model=nuclei-fluorescence\");\n"
                + "print(\"went on\");",
            "");
    assertTrue(run.out.startsWith("Model                Task     Licence"), run.toString());
    assertTrue(
        run.out.endsWith(
            "Installed the model spots (Spots in FISH images)\npassed on auto\nDevice cpu\n"
                + "Removed the model spots\n"),
        run.toString());
    assertEquals(
        "Drua: nuclei-fluorescence comes with Drua, and cannot be removed; leave it\n", run.err);
    assertEquals(1, run.exit);
  }

  @Test
  void wrongUsageAndMissingFileAreErrors() throws Exception {
    assertEquals(2, Jvm.headless(false, folder).exit);
    Jvm missing = Jvm.headless(false, folder, folder + "/none.ijm");
    assertEquals(1, missing.exit);
    assertTrue(missing.err.contains("none.ijm cannot be read; check its path"), missing.err);
  }

  private Jvm run(boolean patched, String text, String argument) throws Exception {
    return Jvm.headless(patched, folder, write("trial.ijm", text).toString(), argument);
  }

  private Path write(String name, String text) throws Exception {
    return Files.write(folder.resolve(name), text.getBytes(StandardCharsets.UTF_8));
  }
}
