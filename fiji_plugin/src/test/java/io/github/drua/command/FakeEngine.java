package io.github.drua.command;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.HostedEngine;
import io.github.drua.engine.LineListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * An engine without Python that keeps the protocol: it finds the same two objects in every image.
 *
 * <p>Object 1 is a square (1, 1) to (6, 6) with a hole (3, 3) to (4, 4) in the first plane, object
 * 2 a rectangle (7, 2) to (10, 4) in the last one; to model "volume" they are one object, 3. Model
 * "broken" fails, "slow" waits for CANCEL, and nothing can be saved in the folder /full. Model
 * "both" takes two channels and a second image. What it trains is in {@link FakeTraining}.
 *
 * <p>Its networks give two maps: "probability" counts pixels from 0 on, and "flow" has the two
 * channels dy and dx, which count from 10 and from -1, in a quarter of the pixels.
 */
public final class FakeEngine implements HostedEngine {
  /** The card of every model. */
  public static final String SETTINGS =
      "[{'name':'mask_threshold','label':'Mask threshold','type':'number','default':0.5,'min':0.05,"
          + "'max':0.95,'choices':null,'help':''},"
          + "{'name':'min_size','label':'Smallest object (pixels)','type':'integer','default':20,"
          + "'min':0,'max':null,'choices':null,'help':''},"
          + "{'name':'split','label':'Split touching','type':'flag','default':true,'min':null,"
          + "'max':null,'choices':null,'help':''},"
          + "{'name':'edges','label':'Objects at the edge','type':'choice','default':'keep',"
          + "'min':null,'max':null,'choices':['keep','remove'],'help':''}]";

  private static final String TAKES_BOTH =
      "'id':'both','name':'Cells and nuclei','task':'denoise','inputs':["
          + "{'name':'image','axes':'CYX','channels':['cell','nucleus'],'optional':false},"
          + "{'name':'Dark field','axes':'CYX','channels':['dark'],'optional':false},"
          + "{'name':'mask','axes':'CYX','channels':['mask'],'optional':true}]";

  private final Map<String, ByteBuffer> segments = new ConcurrentHashMap<>();
  private final Map<String, Task> tasks = new ConcurrentHashMap<>();
  private final ExecutorService worker =
      Executors.newCachedThreadPool(
          body -> {
            Thread thread = new Thread(body, "fake-engine");
            thread.setDaemon(true);
            return thread;
          });
  private final FakeModels models =
      new FakeModels(card("nuclei-fluorescence", "Nuclei (fluorescence)"), OTHER);
  private volatile LineListener listener;
  private volatile JsonObject inputs;
  private volatile byte[] pixels;
  private volatile Consumer<JsonObject> spoiler = outputs -> {};

  /** Returns the inputs of the last segmentation. */
  public JsonObject inputs() {
    return inputs;
  }

  /** Returns the models that it has. */
  public FakeModels models() {
    return models;
  }

  /** Returns how many segments of at least this size were attached. */
  public long attached(long bytes) {
    return segments.values().stream().filter(segment -> segment.capacity() >= bytes).count();
  }

  /** Returns the pixels of the last segmentation, in the order of the header's axes. */
  public ByteBuffer pixels() {
    return ByteBuffer.wrap(pixels).order(ByteOrder.nativeOrder());
  }

  /** Lets somebody change the outputs of every segmentation to come. */
  public void spoil(Consumer<JsonObject> how) {
    spoiler = how;
  }

  @Override
  public Connection connect(LineListener heard) {
    listener = heard;
    worker.execute(
        () ->
            answer(
                "HELLO",
                null,
                "{'protocol':1,'engine':'0','python':'0','pid':1,'devices':['cpu']}"));
    return new Connection() {
      @Override
      public void send(String line) {
        take(Json.parse(line).asObject());
      }

      @Override
      public void close() {
        worker.shutdownNow();
      }
    };
  }

  private void take(JsonObject request) {
    String task = request.getString("task", null);
    switch (request.getString("requestType", "")) {
      case "ATTACH":
        request.get("segments").asArray().forEach(each -> attach(each.asObject()));
        break;
      case "RELEASE":
        request.get("segments").asArray().forEach(name -> segments.remove(name.asString()));
        break;
      case "EXECUTE":
        tasks.put(task, new Task(task));
        worker.execute(() -> tasks.get(task).run(request));
        break;
      case "GRANT":
        worker.execute(() -> tasks.get(task).granted(request.getString("segment", "")));
        break;
      case "CANCEL":
        worker.execute(() -> answer("CANCELATION", task, "{}"));
        break;
      case "FINISH":
        worker.execute(() -> tasks.get(task).training.finish());
        break;
      case "PING":
        answer("PONG", null, "{'id':" + request.get("id") + "}");
        break;
      default:
        break;
    }
  }

  private void attach(JsonObject segment) {
    String name = segment.getString("name", "");
    try (FileChannel file =
        FileChannel.open(
            Paths.get(segment.getString("path", "")),
            StandardOpenOption.READ,
            StandardOpenOption.WRITE)) {
      ByteBuffer mapped = file.map(FileChannel.MapMode.READ_WRITE, 0, file.size());
      segments.put(name, mapped.order(ByteOrder.nativeOrder()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    answer("ATTACHED", null, "{'segments':['" + name + "']}");
  }

  private void answer(String type, String task, String fields) {
    JsonObject line = new JsonObject().add("responseType", type);
    if (task != null) {
      line.add("task", task);
    }
    Json.parse(fields.replace('\'', '"'))
        .asObject()
        .forEach(m -> line.add(m.getName(), m.getValue()));
    listener.line(line.toString());
  }

  private static String card(String id, String name) {
    return "{'id':'"
        + id
        + "','name':'"
        + name
        + "','task':'segment','description':'"
        + "Finds the nuclei of cells in fluorescence images, also where they touch each other',"
        + "'licence':'BSD-3-Clause','axes':'YX','settings':"
        + SETTINGS
        + "}";
  }

  private static final String OTHER =
      card("cells", "Cells")
          .replaceFirst(
              "'settings':.*",
              "'settings':[{'name':'diameter',"
                  + "'label':'Diameter','type':'number','default':30,'min':1,'max':500,'choices':null,"
                  + "'help':''}]}");

  /** The card of a model of two channels, a further image, and one that may be left out. */
  static final String BOTH =
      OTHER
          .replace("'id':'cells','name':'Cells','task':'segment'", TAKES_BOTH)
          .replace("'axes':'YX'", "'axes':'CYX'");

  /** The card of a model that denoises one channel. */
  static final String DENOISER =
      OTHER.replace(
          "'id':'cells','name':'Cells','task':'segment'",
          "'id':'denoise-fluorescence','name':'Denoise fluorescence','task':'denoise',"
              + "'inputs':[{'name':'image','axes':'CYX','channels':['image'],'optional':false}]");

  /** The card of a denoiser whose setting is a choice that does not begin with its default. */
  static final String OF_STACKS =
      DENOISER.replaceFirst(
          "'settings':.*",
          "'settings':[{'name':'statistics','label':'Statistics of','type':'choice',"
              + "'default':'stack','min':null,'max':null,'choices':['plane','stack'],'help':''}]}");

  /** The card of a model of three channels. */
  static final String COLOURS =
      OTHER
          .replace(
              "'id':'cells','name':'Cells','task':'segment'",
              "'id':'colours','name':'Three colours','task':'stain','inputs':[{'name':'image',"
                  + "'axes':'CYX','channels':['r','g','b'],'optional':false}]")
          .replace("'axes':'YX'", "'axes':'CYX'");

  /** One operation. */
  private final class Task {
    private final String id;
    private String op;
    private int[] shape;
    private volatile FakeTraining training;

    Task(String id) {
      this.id = id;
    }

    void run(JsonObject request) {
      answer("LAUNCH", id, "{}");
      JsonObject given = request.get("inputs").asObject();
      String model = given.getString("model", "");
      op = request.getString("op", "");
      switch (op) {
        case "models":
        case "inspect":
        case "add":
        case "remove":
        case "test":
          tell(op, given);
          break;
        case "describe":
          complete("{'card':" + described(model) + "}");
          break;
        case "train_denoiser":
          inputs = given;
          training =
              new FakeTraining(given, (type, fields) -> answer(type, id, fields), this::complete);
          training.begin();
          break;
        case "check":
          complete("{'text':'Python     3.11\\nDevice     cpu: works','report':{}}");
          break;
        default:
          segment(given, model);
      }
    }

    private void tell(String op, JsonObject given) {
      try {
        JsonObject outputs = models.answer(op, given, fields -> answer("UPDATE", id, fields));
        if (outputs != null) {
          listener.line(
              new JsonObject()
                  .add("responseType", "COMPLETION")
                  .add("task", id)
                  .add("outputs", outputs)
                  .toString());
        }
      } catch (EngineException e) {
        JsonObject error =
            new JsonObject()
                .add("code", e.code().name())
                .add("message", e.message())
                .add("remedy", e.remedy());
        listener.line(
            new JsonObject()
                .add("responseType", "FAILURE")
                .add("task", id)
                .add("error", error)
                .toString());
      }
    }

    private String described(String model) {
      JsonObject card = models.card(model);
      return card != null ? card.toString() : model.equals("both") ? BOTH : card(model, model);
    }

    private void segment(JsonObject given, String model) {
      inputs = given;
      JsonObject image = given.get("image").asObject();
      JsonArray sides = image.get("shape").asArray();
      int n = sides.size();
      shape =
          new int[] {
            sides.get(0).asInt(),
            sides.get(1).asInt(),
            sides.get(n - 2).asInt(),
            sides.get(n - 1).asInt()
          };
      pixels = copy(image, sides);
      answer("UPDATE", id, "{'message':'tiles','current':1,'maximum':4}");
      if (model.equals("broken")) {
        answer(
            "FAILURE",
            id,
            "{'error':{'code':'DEVICE_MEMORY','message':'8 GiB are needed, but 4"
                + " GiB are free','remedy':'choose device=cpu'}}");
      } else if (!model.equals("slow")) {
        answer("NEED", id, "{'bytes':" + bytes() + "}");
      }
    }

    private byte[] copy(JsonObject image, JsonArray sides) {
      int bytes = Integer.parseInt(image.getString("dtype", "").replaceAll("\\D", "")) / 8;
      for (JsonValue side : sides) {
        bytes *= side.asInt();
      }
      byte[] copied = new byte[bytes];
      ByteBuffer from = segments.get(image.getString("segment", "")).duplicate();
      from.position(image.getInt("offset", 0));
      from.get(copied);
      return copied;
    }

    private int labelBytes() {
      return (shape[0] * shape[1] * shape[2] * shape[3] * 2 + 63) / 64 * 64;
    }

    /** Returns the bytes of the probability; both channels of the flow need half of them. */
    private int mapBytes() {
      return (shape[0] * shape[1] * shape[2] * shape[3] * 4 + 63) / 64 * 64;
    }

    private int bytes() {
      return labelBytes() + 1024 + (givesMaps() ? 2 * mapBytes() : 0);
    }

    private boolean givesMaps() {
      return !op.equals("segment") || inputs.getBoolean("maps", false);
    }

    /** Writes the maps and returns what tells of them. */
    private String maps(ByteBuffer to, String segment) {
      int probability = labelBytes() + 1024;
      int flow = probability + mapBytes();
      int pixels = shape[0] * shape[1] * shape[2] * shape[3];
      for (int i = 0; i < pixels; i++) {
        to.putFloat(probability + 4 * i, i);
      }
      int quarter = (shape[2] / 2) * (shape[3] / 2);
      for (int plane = 0; plane < 2 * shape[0] * shape[1]; plane++) {
        for (int i = 0; i < quarter; i++) {
          to.putFloat(flow + 4 * (plane * quarter + i), plane % 2 == 0 ? 10 + i : -1 - i);
        }
      }
      int[] half = {shape[0], shape[1], 2, shape[2] / 2, shape[3] / 2};
      int[] whole = {shape[0], shape[1], 1, shape[2], shape[3]};
      return "{'probability':"
          + map(segment, probability, whole, 1, "null")
          + ",'flow':"
          + map(segment, flow, half, 2, "['dy','dx']")
          + "}";
    }

    private String map(String segment, int at, int[] sides, double scale, String names) {
      JsonObject sizes = inputs.get("image").asObject().get("pixel_size").asObject();
      JsonObject origin = inputs.get("image").asObject().get("origin").asObject();
      return "{'segment':'"
          + segment
          + "','offset':"
          + at
          + ",'dtype':'float32','axes':'TZCYX','shape':"
          + Arrays.toString(sides)
          + ",'pixel_size':"
          + scaled(sizes, scale)
          + ",'origin':"
          + scaled(origin, 1 / scale)
          + ",'channel_names':"
          + names
          + "}";
    }

    private JsonObject scaled(JsonObject values, double factor) {
      JsonObject scaled = new JsonObject();
      for (JsonObject.Member value : values) {
        boolean inPlane = "YX".contains(value.getName());
        scaled.add(value.getName(), value.getValue().asDouble() * (inPlane ? factor : 1));
      }
      return scaled;
    }

    void granted(String segment) {
      ByteBuffer to = segments.get(segment);
      int planes = shape[0] * shape[1];
      for (int i = 0; i < bytes(); i++) {
        to.put(i, (byte) 0);
      }
      boolean volume = inputs.getString("model", "").equals("volume");
      int[] labels = volume ? new int[] {3, 3} : new int[] {1, 2};
      fill(to, 0, new int[] {1, 1, 6, 6}, labels[0]);
      fill(to, 0, new int[] {3, 3, 4, 4}, 0);
      fill(to, planes - 1, new int[] {7, 2, 10, 4}, labels[1]);
      int at = labelBytes();
      ints(to, at, 0, planes - 1);
      ints(to, at + 64, 0, 2, 3);
      ints(to, at + 128, 0, 4, 8, 12);
      ints(to, at + 192, 1, 1, 6, 1, 6, 6, 1, 6, 3, 3, 3, 4, 4, 4, 4, 3, 7, 2, 10, 2, 10, 4, 7, 4);
      ints(to, at + 384, labels);
      double[] rows = {1, 24, 0.5, 2, 6, Double.NaN};
      for (int i = 0; i < rows.length; i++) {
        to.putDouble(at + 320 + 8 * i, rows[i]);
      }
      String maps = givesMaps() ? maps(to, segment) : "{}";
      String told = outputs(segment, at).replaceFirst("\\{", "{'maps':" + maps + ",");
      JsonObject outputs = Json.parse(told.replace('\'', '"')).asObject();
      if (!op.equals("segment")) {
        outputs.remove("labels").remove("outlines").remove("table").remove("count");
      }
      if (!op.equals("segment") && !op.equals("run")) {
        translate(outputs);
      }
      spoiler.accept(outputs);
      complete(outputs.toString());
    }

    /** Makes the maps those of a task: the first output that was asked for, and another. */
    private void translate(JsonObject outputs) {
      JsonObject maps = outputs.get("maps").asObject();
      String display = "{'ranges':[[2,90]],'colours':['#00ff00'],'rgb':false}";
      JsonObject first = maps.get("probability").asObject();
      first.add("display", Json.parse(display.replace('\'', '"')));
      first.add("captions", inputs.get("captions"));
      String name = inputs.get("outputs").asArray().get(0).asString();
      outputs.set("maps", new JsonObject().add(name, first));
      JsonObject run = outputs.get("run").asObject();
      run.add("warning", "This image is a prediction.");
      run.add("report", Json.array("The noise fell."));
    }

    private void fill(ByteBuffer to, int plane, int[] box, int label) {
      for (int y = box[1]; y < box[3]; y++) {
        for (int x = box[0]; x < box[2]; x++) {
          to.putShort(2 * ((plane * shape[2] + y) * shape[3] + x), (short) label);
        }
      }
    }

    private void ints(ByteBuffer to, int at, int... values) {
      for (int i = 0; i < values.length; i++) {
        to.putInt(at + 4 * i, values[i]);
      }
    }

    private String outputs(String segment, int at) {
      JsonValue save = inputs.get("save");
      boolean full = save.isObject() && save.asObject().getString("folder", "").equals("/full");
      String place = "'segment':'" + segment + "','offset':";
      String error =
          "{'code':'OUTPUT','message':'the files cannot be written','remedy':'make room'}";
      return "{'labels':{"
          + place
          + "0,'dtype':'uint16','axes':'TZYX','shape':["
          + shape[0]
          + ","
          + shape[1]
          + ","
          + shape[2]
          + ","
          + shape[3]
          + "]},'outlines':{"
          + "'planes':{"
          + place
          + at
          + ",'dtype':'int32','shape':[2]},"
          + "'labels':{"
          + place
          + (at + 384)
          + ",'dtype':'int32','shape':[2]},"
          + "'parts':{"
          + place
          + (at + 64)
          + ",'dtype':'int32','shape':[3]},"
          + "'points':{"
          + place
          + (at + 128)
          + ",'dtype':'int32','shape':[4]},"
          + "'xy':{"
          + place
          + (at + 192)
          + ",'dtype':'int32','shape':[24]}},"
          + "'table':{'columns':['Label','Area','Score'],'rows':{"
          + place
          + (at + 320)
          + ",'dtype':'float64','shape':[2,3]}},'count':2,"
          + "'run':{'model':'nuclei-fluorescence','device':'cpu','settings':{'min_size':20},"
          + "'seconds':0.5},'files':[],'save_error':"
          + (full ? error : "null")
          + "}";
    }

    private void complete(String outputs) {
      answer("COMPLETION", id, "{'outputs':" + outputs + "}");
    }
  }
}
