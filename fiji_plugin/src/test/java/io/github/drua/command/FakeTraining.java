package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import javax.imageio.ImageIO;

/**
 * A training of the fake engine: it writes what the real one writes, and ends at once, unless the
 * model's name begins with "slow": then it waits until it is to finish. One whose name begins with
 * "broken" fails, and "other" does not go on, as it has learnt from other images.
 */
final class FakeTraining {
  private final JsonObject inputs;
  private final File folder;
  private final BiConsumer<String, String> answer;
  private final Consumer<String> complete;

  /**
   * Prepares a training.
   *
   * @param answer takes the type and the fields of what is told
   * @param complete takes the outputs
   */
  FakeTraining(JsonObject inputs, BiConsumer<String, String> answer, Consumer<String> complete) {
    this.inputs = inputs;
    this.folder = new File(inputs.getString("output", ""));
    this.answer = answer;
    this.complete = complete;
  }

  void begin() {
    if (folder.getName().startsWith("other") && inputs.getBoolean("resume", false)) {
      fail("it has learnt from other images");
      return;
    }
    try {
      Files.createDirectories(folder.toPath());
      write("checkpoint.pt", "a state".getBytes(StandardCharsets.UTF_8));
      write(
          "training.csv",
          "step,seconds,loss,validation\r\n20,2.1,0.9,0.81\r\n380,34.0,0.5,0.42\r\n"
              .getBytes(StandardCharsets.UTF_8));
      write("training.png", picture());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    answer.accept("UPDATE", "{'message':'training (s)','current':34,'maximum':300}");
    if (folder.getName().startsWith("broken")) {
      fail("nothing is left of the device");
    } else if (!folder.getName().startsWith("slow")) {
      end("finished");
    }
  }

  private void fail(String message) {
    answer.accept("FAILURE", "{'error':{'code':'DEVICE','message':'" + message + "','remedy':''}}");
  }

  void finish() {
    end("cancelled");
  }

  private void end(String how) {
    String model = "'" + folder.getName() + "'";
    complete.accept(
        "{'card':{'id':"
            + model
            + "},'trained':{'model':"
            + model
            + ",'ended':'"
            + how
            + "','steps':380,'seconds':34.2,'validation':0.42,'untrained':1.0,'device':'cpu',"
            + "'notes':['no structure was found in the noise']}}");
  }

  private void write(String name, byte[] bytes) throws IOException {
    Path next = folder.toPath().resolve(name + ".new");
    Files.write(next, bytes);
    Files.move(next, folder.toPath().resolve(name), StandardCopyOption.REPLACE_EXISTING);
  }

  private byte[] picture() throws IOException {
    BufferedImage picture = new BufferedImage(640, 560, BufferedImage.TYPE_INT_RGB);
    Graphics2D canvas = picture.createGraphics();
    canvas.setColor(Color.WHITE);
    canvas.fillRect(0, 0, 640, 560);
    canvas.setColor(new Color(inputs.getBoolean("resume", false) ? 0x2060A0 : 0xC82828));
    canvas.fillRect(40, 40, 560, 280);
    canvas.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(picture, "png", bytes);
    return bytes.toByteArray();
  }
}
