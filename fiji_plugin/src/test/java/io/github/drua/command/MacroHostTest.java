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

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void modelRunsOnImagesThatAreOpen(boolean batch) throws Exception {
    Jvm run =
        run(
            batch,
            (batch ? "setBatchMode(true);\n" : "")
                + "newImage(\"dark [1]\", \"16-bit black\", 22, 18, 1);\n"
                + "newImage(\"field 1.tif\", \"16-bit ramp\", 22, 18, 1);\n"
                + "run(\"Drua Run Model...\", \"model=both input_dark_field=[dark [1]]\");\n"
                + "print(getTitle() + \" \" + getValue(3, 0) + \" \" + nImages);\n"
                + "selectImage(\"field 1-flow\"); print(getInfo(\"slice.label\"));\n"
                + "selectImage(\"dark [1]\"); id = getImageID(); selectImage(\"field 1.tif\");\n"
                + "run(\"Drua Run Model...\", \"model=both input_dark_field=\" + id);\n"
                + "print(getTitle() + nImages); while (nImages > 2) close();\n"
                + "run(\"Drua Run Model...\", \"model=both input_dark_field=dark\");\n",
            "");
    assertEquals("field 1-probability 3 4\ndy\nfield 1-probability6\n", run.out, run.toString());
    assertEquals(
        "Drua: input_dark_field is 'dark', but no open image has this title; write"
            + " input_dark_field=[title] of an open image (field 1-flow, field 1-probability)\n",
        run.err);
    assertEquals(1, run.exit);
  }

  @Test
  void predictionIsToldOncePerModelAndKeptInEveryImage() throws Exception {
    Jvm run =
        run(
            false,
            "for (i = 0; i < 3; i++) {\n"
                + "newImage(\"field \" + i, \"16-bit ramp\", 22, 18, 1);\n"
                + "run(\"Drua Denoise...\", \" \");\n"
                + "told = indexOf(getMetadata(\"Info\"), \"warning: This image is\") >= 0;\n"
                + "print(told);\n}",
            "");
    assertEquals("1\n1\n1\n", run.out, run.toString());
    assertEquals(
        "Drua: field 0: This image is a prediction.\nDrua: field 0: The noise fell.\n"
            + "Drua: field 1: The noise fell.\nDrua: field 2: The noise fell.\n",
        run.err,
        run.toString());
  }

  @Test
  void titleOfTwoImagesIsNoName() throws Exception {
    Jvm run =
        run(
            false,
            "for (i = 0; i < 2; i++) newImage(\"dark\", \"16-bit black\", 22, 18, 1);\n"
                + IMAGE
                + "run(\"Drua Run Model...\", \"model=both input_dark_field=dark\");\n",
            "");
    String told = "Drua: input_dark_field is 'dark', but 2 open images have this title; write";
    assertTrue(run.err.startsWith(told + " input_dark_field=ID"), run.toString());
  }

  @Test
  void activeImageOfASegmentationWithMapsIsItsLabels() throws Exception {
    Jvm run =
        run(
            false,
            IMAGE
                + "run(\"Drua Segment...\", \"output=labels,maps\"); print(getTitle());\n"
                + "print(isOpen(\"field 1-flow\") + isOpen(\"field 1-probability\"));",
            "");
    assertEquals("field 1-labels\n2\n", run.out, run.toString());
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
