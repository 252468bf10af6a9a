package io.github.drua.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonObject;
import ij.ImagePlus;
import ij.ImageStack;
import ij.VirtualStack;
import ij.gui.Line;
import ij.gui.OvalRoi;
import ij.gui.Roi;
import ij.measure.Calibration;
import ij.process.ByteProcessor;
import ij.process.ColorProcessor;
import ij.process.FloatProcessor;
import ij.process.ImageProcessor;
import ij.process.LUT;
import ij.process.ShortProcessor;
import io.github.drua.command.WithFakeEngine;
import io.github.drua.engine.CancelledException;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.Engines;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageBridgeTest {
  // All different and prime, so that no two axes can be confused.
  private static final int WIDTH = 13;
  private static final int HEIGHT = 11;
  private static final int CHANNELS = 2;
  private static final int SLICES = 3;
  private static final int FRAMES = 5;

  @RegisterExtension private final WithFakeEngine fake = new WithFakeEngine();

  @ParameterizedTest
  @ValueSource(strings = {"8-bit", "16-bit", "32-bit"})
  void planesTravelInTheOrderTzcyx(String type) {
    ImagePlus image = hyperstack(type);
    JsonObject header = send(image, Region.of(image, false));
    assertEquals("TZCYX", header.getString("axes", ""));
    assertEquals("[5,3,2,11,13]", header.get("shape").toString());
    ByteBuffer pixels = fake.engine().pixels();
    for (int t = 0; t < FRAMES; t++) {
      for (int z = 0; z < SLICES; z++) {
        for (int c = 0; c < CHANNELS; c++) {
          for (int i = 0; i < WIDTH * HEIGHT; i++) {
            assertEquals(value(type, c, z, t, i), next(pixels, type));
          }
        }
      }
    }
    assertFalse(pixels.hasRemaining());
  }

  @Test
  void virtualStacksAreReadPlaneByPlane() {
    ImagePlus image = new ImagePlus("v", new Virtual());
    send(image, Region.of(image, false));
    ByteBuffer pixels = fake.engine().pixels();
    assertEquals(7 * WIDTH * HEIGHT, pixels.remaining());
    for (int plane = 1; plane <= 7; plane++) {
      assertEquals(plane, pixels.get((plane - 1) * WIDTH * HEIGHT));
    }
    assertTrue(image.getStack().isVirtual());
  }

  @Test
  void readingAVirtualStackCanBeCancelled() {
    ImagePlus image = new ImagePlus("v", new Virtual());
    List<String> told = new ArrayList<>();
    Progress impatient =
        new Progress() {
          @Override
          public void update(String message, long current, long maximum) {
            told.add(message + " " + current + " of " + maximum);
          }

          @Override
          public boolean cancelled() {
            return told.size() == 3;
          }
        };
    ImageBridge pixels = new ImageBridge(image, Region.of(image, false));
    assertThrows(
        CancelledException.class,
        () -> Engines.get().call("segment", new JsonObject(), pixels, impatient));
    assertEquals("reading planes 2 of 7", told.get(2));
    assertFalse(image.isLocked());
  }

  @Test
  void editsOfThePlaneOnDisplayAreSent() {
    ImagePlus image = hyperstack("8-bit");
    image.setPosition(2, 1, 1);
    image.setProcessor(new ByteProcessor(WIDTH, HEIGHT, bytes(99)));
    send(image, Region.of(image, false));
    assertEquals(99, fake.engine().pixels().get(WIDTH * HEIGHT));
  }

  @Test
  void colourPixelsTravelAsTheyAre() {
    ColorProcessor colours = new ColorProcessor(WIDTH, HEIGHT);
    colours.set(3, 0xff123456);
    ImagePlus image = new ImagePlus("rgb", colours);
    JsonObject header = send(image, Region.of(image, false));
    assertEquals("argb32", header.getString("dtype", ""));
    assertEquals("TZYX", header.getString("axes", ""));
    assertEquals("[1,1,11,13]", header.get("shape").toString());
    assertEquals(0xff123456, fake.engine().pixels().getInt(3 * 4));
  }

  @Test
  void indexedColoursAreLookedUp() {
    ByteProcessor indices = new ByteProcessor(WIDTH, HEIGHT, bytes(0));
    indices.set(4, 200);
    LUT colours = LabelColours.create();
    indices.setColorModel(colours);
    ImagePlus image = new ImagePlus("indexed", indices);
    image.setTypeToColor256();
    assertEquals(ImagePlus.COLOR_256, image.getType());
    assertEquals("argb32", send(image, Region.of(image, false)).getString("dtype", ""));
    assertEquals(colours.getRGB(200), fake.engine().pixels().getInt(4 * 4));
  }

  @Test
  void signedPixelsKeepTheirSign() {
    ShortProcessor stored = new ShortProcessor(WIDTH, HEIGHT);
    stored.set(0, 32768 - 5);
    stored.set(1, 32768 + 5);
    stored.set(2, 65535);
    ImagePlus image = new ImagePlus("signed", stored);
    image.getCalibration().setSigned16BitCalibration();
    assertEquals("int16", send(image, Region.of(image, false)).getString("dtype", ""));
    ByteBuffer pixels = fake.engine().pixels();
    assertArrayEquals(
        new short[] {-5, 5, 32767, -32768},
        new short[] {
          pixels.getShort(0), pixels.getShort(2), pixels.getShort(4), pixels.getShort(6)
        });
    assertEquals(32768 - 5, stored.get(0), "the image itself was changed");
  }

  @Test
  void calibrationAndSelectionTravel() {
    ImagePlus image = hyperstack("16-bit");
    Calibration calibration = image.getCalibration();
    calibration.setUnit("um");
    calibration.pixelWidth = 0.325;
    calibration.pixelHeight = 0.5;
    calibration.pixelDepth = 2;
    calibration.frameInterval = 30;
    calibration.xOrigin = 2;
    calibration.yOrigin = 4.5;
    image.setRoi(new OvalRoi(-3, 5, 10, 100));
    JsonObject header = send(image, Region.of(image, false));
    assertEquals("{\"T\":30,\"Z\":2,\"Y\":0.5,\"X\":0.325}", header.get("pixel_size").toString());
    assertEquals("µm", header.getString("unit", ""));
    assertEquals("sec", header.getString("time_unit", ""));
    assertEquals("{\"T\":0,\"Z\":0,\"Y\":-4.5,\"X\":-2}", header.get("origin").toString());
    assertEquals("[5,3,2,11,13]", header.get("shape").toString());
    assertEquals(
        "{\"x\":0,\"y\":5,\"width\":7,\"height\":6}",
        Region.of(image, false).rectangle().toString());
  }

  @Test
  void unknownFrameIntervalIsNotSent() {
    ImagePlus image = hyperstack("8-bit");
    assertEquals(
        null,
        new ImageBridge(image, Region.of(image, false))
            .header()
            .get("pixel_size")
            .asObject()
            .get("T"));
  }

  @Test
  void currentPlaneHasAllItsChannels() {
    ImagePlus image = hyperstack("16-bit");
    image.setPosition(1, 2, 4);
    JsonObject header = send(image, Region.of(image, true));
    assertEquals("[1,1,2,11,13]", header.get("shape").toString());
    assertEquals("{\"T\":3,\"Z\":1,\"Y\":0,\"X\":0}", header.get("origin").toString());
    ByteBuffer pixels = fake.engine().pixels();
    assertEquals(value("16-bit", 0, 1, 3, 0), pixels.getShort(0));
    assertEquals(value("16-bit", 1, 1, 3, 0), pixels.getShort(2 * WIDTH * HEIGHT));
  }

  @Test
  void lineSelectionsAreNoRegion() {
    ImagePlus image = hyperstack("8-bit");
    image.setRoi(new Line(1, 1, 5, 5));
    assertTrue(Region.of(image, false).rectangle().isNull());
  }

  @Test
  void selectionOutsideTheImageIsAnError() {
    ImagePlus image = hyperstack("8-bit");
    image.setRoi(new Roi(20, 3, 4, 4));
    EngineException error = assertThrows(EngineException.class, () -> Region.of(image, false));
    assertEquals(ErrorCode.IMAGE, error.code());
    assertTrue(error.message().contains("x=20, y=3, 4 x 4"), error.message());
  }

  @Test
  void labelsSharedByAChannelAreItsName() {
    ImagePlus image = hyperstack("8-bit");
    for (int i = 1; i <= image.getStackSize(); i++) {
      image.getStack().setSliceLabel(i % 2 == 1 ? "DAPI" : "GFP", i);
    }
    assertEquals(
        "[\"DAPI\",\"GFP\"]",
        new ImageBridge(image, Region.of(image, false)).header().get("channel_names").toString());
    image.getStack().setSliceLabel(null, 3);
    assertEquals(
        Arrays.asList("DAPI", "GFP"), Channels.names(image), "a plane without a label is no name");
    image.getStack().setSliceLabel("other", 5);
    assertTrue(
        new ImageBridge(image, Region.of(image, false)).header().get("channel_names").isNull());
  }

  @Test
  void coloursAreThreeChannels() {
    ImagePlus image = new ImagePlus("rgb", new ColorProcessor(WIDTH, HEIGHT));
    assertEquals(3, Channels.count(image));
    assertEquals(Arrays.asList("Red", "Green", "Blue"), Channels.names(image));
    assertEquals(2, Channels.count(hyperstack("8-bit")));
    assertEquals(0, Channels.names(hyperstack("8-bit")).size());
  }

  @Test
  void imageLockedElsewhereIsAnError() throws InterruptedException {
    ImagePlus image = hyperstack("8-bit");
    CountDownLatch locked = new CountDownLatch(1);
    Thread other =
        new Thread(
            () -> {
              image.lock();
              locked.countDown();
            });
    other.start();
    locked.await();
    EngineException error =
        assertThrows(EngineException.class, () -> send(image, Region.of(image, false)));
    assertEquals(ErrorCode.IMAGE, error.code());
  }

  @Test
  void imageIsUnlockedAfterwards() {
    ImagePlus image = hyperstack("8-bit");
    send(image, Region.of(image, false));
    assertFalse(image.isLocked());
  }

  private JsonObject send(ImagePlus image, Region region) {
    JsonObject inputs = new JsonObject().add("model", "m").add("save", Json.NULL);
    Engines.get().call("segment", inputs, new ImageBridge(image, region), Progress.NONE).close();
    return fake.engine().inputs().get("image").asObject();
  }

  private static ImagePlus hyperstack(String type) {
    ImageStack stack = new ImageStack(WIDTH, HEIGHT);
    for (int t = 0; t < FRAMES; t++) {
      for (int z = 0; z < SLICES; z++) {
        for (int c = 0; c < CHANNELS; c++) {
          stack.addSlice(plane(type, c, z, t));
        }
      }
    }
    ImagePlus image = new ImagePlus("h.tif", stack);
    image.setDimensions(CHANNELS, SLICES, FRAMES);
    image.setOpenAsHyperStack(true);
    return image;
  }

  private static ImageProcessor plane(String type, int c, int z, int t) {
    ImageProcessor plane =
        type.equals("8-bit")
            ? new ByteProcessor(WIDTH, HEIGHT)
            : type.equals("16-bit")
                ? new ShortProcessor(WIDTH, HEIGHT)
                : new FloatProcessor(WIDTH, HEIGHT);
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      plane.setf(i, value(type, c, z, t, i));
    }
    return plane;
  }

  private static int value(String type, int c, int z, int t, int i) {
    int value = ((t * SLICES + z) * CHANNELS + c) * WIDTH * HEIGHT + i;
    return type.equals("8-bit") ? value % 251 : value;
  }

  private static int next(ByteBuffer pixels, String type) {
    switch (type) {
      case "8-bit":
        return pixels.get() & 0xff;
      case "16-bit":
        return pixels.getShort() & 0xffff;
      default:
        return (int) pixels.getFloat();
    }
  }

  private static byte[] bytes(int value) {
    byte[] bytes = new byte[WIDTH * HEIGHT];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  /** A stack on no disk that gives a fresh array for each plane. */
  private static final class Virtual extends VirtualStack {
    Virtual() {
      super(WIDTH, HEIGHT, null, null);
    }

    @Override
    public int size() {
      return 7;
    }

    @Override
    public int getSize() {
      return 7;
    }

    @Override
    public ImageProcessor getProcessor(int n) {
      return new ByteProcessor(WIDTH, HEIGHT, bytes(n));
    }

    @Override
    public Object getPixels(int n) {
      return getProcessor(n).getPixels();
    }

    @Override
    public String getSliceLabel(int n) {
      return null;
    }

    @Override
    public int getBitDepth() {
      return 8;
    }
  }
}
