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

/** {@code Drua Train Denoiser...} in macros of a headless ImageJ. */
class TrainMacroTest {
  private static final String IMAGE = "newImage(\"movie.tif\", \"16-bit ramp\", 23, 19, 4);\n";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void macroGoesOnWhenTheModelIsThere(boolean patched) throws Exception {
    Jvm run = run(patched, IMAGE + train("name=mine minutes=0.1") + "print(\"went on\");");
    assertEquals(
        "mine: Ended after 380 steps in 34 s. On parts of the images that were not learnt from, the"
            + " error is 0.420; it was 1.00 without any training.\nwent on\n",
        run.out,
        run.toString());
    assertEquals("Drua: mine: no structure was found in the noise\n", run.err, run.toString());
    assertEquals(0, run.exit);
  }

  @Test
  void trainingOfTheSameNameIsResumedOrLeft() throws Exception {
    Jvm run =
        run(
            false,
            IMAGE
                + train("name=mine")
                + train("name=mine resume=true")
                + "print(\"twice\");\n"
                + train("name=mine"));
    assertTrue(run.out.endsWith("twice\n"), run.toString());
    assertTrue(
        run.err.contains("a training of the name 'mine' is in " + folder.resolve("t/mine")),
        run.toString());
    assertEquals(1, run.exit);
  }

  @Test
  void adviceToGoOnIsForWhoHasNotJustTried() throws Exception {
    Jvm broken = run(false, IMAGE + train("name=broken"));
    assertTrue(
        broken.err.startsWith("Drua: what was learnt is in " + folder.resolve("t/broken")),
        broken.toString());
    assertTrue(broken.err.contains("(resume=true in a macro) goes on with it"), broken.toString());
    Jvm other = run(false, IMAGE + train("name=other") + train("name=other resume=true"));
    assertEquals(
        "Drua: other: no structure was found in the noise\n"
            + "Drua: it has learnt from other images\n",
        other.err,
        other.toString());
  }

  @Test
  void filesNeedNoImageAndAnImageIsNeededElse() throws Exception {
    Jvm files = run(false, train("name=mine noisy=[" + folder + "]") + "print(\"done\");");
    assertTrue(files.out.endsWith("done\n"), files.toString());
    Jvm none = run(false, train("name=other"));
    assertEquals(
        "Drua: no image is open, but there must be one to learn from; open an image\n",
        none.err,
        none.toString());
    Jvm silent = run(false, IMAGE + "run(\"Drua Train Denoiser...\");");
    assertTrue(silent.err.startsWith("Drua: there are no options"), silent.toString());
  }

  private String train(String options) {
    return "run(\"Drua Train Denoiser...\", \""
        + options
        + " folder=["
        + folder.resolve("t")
        + "]\");\n";
  }

  private Jvm run(boolean patched, String macro) throws Exception {
    Path file = folder.resolve("trial.ijm");
    Files.write(file, macro.getBytes(StandardCharsets.UTF_8));
    return Jvm.headless(patched, folder, file.toString(), "");
  }
}
