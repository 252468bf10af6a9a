package io.github.drua.command;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The models of the fake engine: what is added, removed and tested is so in the next list.
 *
 * <p>The end of a source says what it is: spots.zip a package, code.zip one with a program,
 * net.onnx a bare network, bad.zip no package; slow.zip is downloaded until it is cancelled.
 */
public final class FakeModels {
  /** The source of the package with a program. */
  public static final String CODE =
      "import torch\n\n\nclass UNet(torch.nn.Module):\n"
          + "    def __init__(self, depth=4):\n        super().__init__()\n"
          + "        self.depth = depth  # \u202e evil\n";

  /** The hash that allows it. */
  public static final String SHA256 = String.join("", Collections.nCopies(8, "0123abcd"));

  private static final String QUESTIONS =
      "[{'name':'id','label':'Id','type':'text','default':'net','help':'Names the model in"
          + " macros: small letters, digits and -.'},"
          + "{'name':'licence','label':'Licence','type':'text','default':null,'help':'An SPDX"
          + " identifier, such as CC-BY-4.0, MIT or BSD-3-Clause.'},"
          + "{'name':'authors','label':'Authors','type':'text','default':'','help':''},"
          + "{'name':'task','label':'What it does','type':'choice','default':'segment',"
          + "'choices':['segment','denoise','stain'],'help':''},"
          + "{'name':'axes','label':'Axes of the input','type':'text','default':'bcyx','help':"
          + "'One letter for each side of the input tensor: b batch, c channel, z, y, x.'},"
          + "{'name':'decoder','label':'How objects are made','type':'choice','default':'watershed',"
          + "'choices':['watershed','classes','labels'],'help':'What turns the output of the"
          + " network into objects.'},"
          + "{'name':'pixel_size','label':'Pixel size','type':'number','default':null,'min':0.001,"
          + "'max':1000,'help':'In micrometres, of the images it was trained with.'},"
          + "{'name':'halo','label':'Halo','type':'integer','default':32,'min':0,'max':512,"
          + "'help':'Measured: a pixel sees so far to each side.'},"
          + "{'name':'normalise','label':'Scale to percentiles 1 to 99.8','type':'flag',"
          + "'default':true,'help':''}]";

  private final Map<String, JsonObject> cards = new LinkedHashMap<>();
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private volatile String cover;

  /** Creates the store with these models. */
  FakeModels(String... first) {
    for (String text : first) {
      put(json(text));
    }
    JsonObject shipped = cards.get("nuclei-fluorescence");
    shipped.set("shipped", true).set("version", "1.0").set("bytes", 1_834_211);
    shipped.set("tested", tested(true)).set("folder", "/opt/drua/models/nuclei-fluorescence");
    shipped.set("authors", new JsonArray().add("The Drua team"));
    shipped.set("weights", new JsonArray().add("onnx"));
    put(card("fnet", "Label-free nuclei (f-net)", "stain"));
    JsonObject star = card("star", "Nuclei of tissue sections, star-convex", "segment");
    star.set(
        "problem",
        json(
            "{'code':'BACKEND','message':'the decoder stardist_postprocessing comes later',"
                + "'remedy':'update Drua when it is there'}"));
    put(star);
  }

  /** Installs the model of a card. */
  void install(String card) {
    put(json(card));
  }

  /** Returns the card of a model; null if there is none. */
  JsonObject card(String id) {
    return cards.get(id);
  }

  /** Gives every package that is found from now on this picture. */
  public void setCover(String path) {
    cover = path;
  }

  /** Returns what was asked for, as text. */
  public List<String> requests() {
    return new ArrayList<>(requests);
  }

  /** Returns the requests of one operation. */
  public List<String> requests(String op) {
    List<String> found = requests();
    found.removeIf(request -> !request.startsWith(op + " "));
    return found;
  }

  /**
   * Does an operation.
   *
   * @param update takes message, current and maximum as fields of an UPDATE
   * @return the outputs; null if it is to be waited for until it is cancelled
   */
  synchronized JsonObject answer(String op, JsonObject inputs, Consumer<String> update) {
    requests.add(op + " " + inputs);
    switch (op) {
      case "models":
        return list();
      case "inspect":
        return inspect(inputs.getString("source", ""), update);
      case "add":
        return add(inputs);
      case "remove":
        return remove(inputs.getString("model", ""));
      default:
        return test(inputs.getString("model", ""), inputs.getString("device", ""), update);
    }
  }

  private JsonObject list() {
    JsonArray models = new JsonArray();
    cards.values().forEach(models::add);
    JsonArray broken =
        new JsonArray()
            .add(
                json(
                    "{'folder':'/home/zoe/.local/share/drua/models/old-model','error':{'code':"
                        + "'CARD','message':'rdf.yaml has no weights, but a model needs some',"
                        + "'remedy':'remove the folder, or install the model again'}}"));
    return new JsonObject().add("models", models).add("broken", broken);
  }

  private JsonObject inspect(String source, Consumer<String> update) {
    if (source.endsWith("slow.zip")) {
      update.accept("{'message':'downloading (MB)','current':12,'maximum':40}");
      return null;
    }
    if (source.endsWith("net.onnx")) {
      return json("{'kind':'network','file':'net.onnx','questions':" + QUESTIONS + "}");
    }
    JsonObject card = found(source);
    boolean installed = cards.containsKey(card.getString("id", ""));
    return new JsonObject()
        .add("kind", "package")
        .add("card", card)
        .add("installed", installed)
        .add("code", source.endsWith("code.zip") ? code() : Json.NULL);
  }

  private JsonObject found(String source) {
    if (source.endsWith("spots.zip")) {
      return card("spots", "Spots in FISH images", "segment");
    }
    if (source.endsWith("code.zip")) {
      return card("coded", "Mitochondria (needs conversion)", "segment");
    }
    throw new EngineException(
        ErrorCode.CARD, "bad.zip holds no rdf.yaml", "choose the zip file of a bioimage.io model");
  }

  private static JsonObject code() {
    return new JsonObject()
        .add("file", "unet.py")
        .add("sha256", SHA256)
        .add("text", CODE)
        .add("why", "the weights are a state dict of a network that Drua does not have");
  }

  private JsonObject add(JsonObject inputs) {
    String source = inputs.getString("source", "");
    JsonObject card;
    if (source.endsWith("net.onnx")) {
      JsonObject answers = inputs.get("answers").asObject();
      if (answers.getString("axes", "").equals("yx")) {
        throw new EngineException(
            ErrorCode.AXES, "axes is 'yx', but the input of net.onnx has 4 sides", "write bcyx");
      }
      String id = answers.getString("id", "");
      card = card(id, id, answers.getString("task", ""));
    } else {
      card = found(source);
    }
    if (source.endsWith("code.zip") && !Json.value(SHA256).equals(inputs.get("allow_code"))) {
      throw new EngineException(
          ErrorCode.UNTRUSTED_MODEL, "coded needs unet.py", "write allow_code=" + SHA256);
    }
    if (cards.containsKey(card.getString("id", "")) && !inputs.getBoolean("replace", false)) {
      throw new EngineException(
          ErrorCode.REQUEST, "the model is installed already", "write replace=true");
    }
    put(card);
    return new JsonObject().add("card", card);
  }

  private JsonObject remove(String model) {
    if (known(model).getBoolean("shipped", false)) {
      throw new EngineException(
          ErrorCode.REQUEST, model + " comes with Drua, and cannot be removed", "leave it");
    }
    cards.remove(model);
    return new JsonObject().add("removed", model);
  }

  private JsonObject test(String model, String device, Consumer<String> update) {
    JsonObject card = known(model);
    update.accept("{'message':'tiles','current':1,'maximum':4}");
    boolean passed = !model.equals("cells");
    card.set("tested", tested(passed));
    JsonObject outcome = json("{'model':'" + model + "','device':'cpu','provider':'CPU'}");
    outcome
        .merge(tested(passed))
        .remove("created")
        .set("tolerance", Json.parse("0.0001"))
        .set("seconds", 0.4);
    return new JsonObject()
        .add("outcome", outcome)
        .add("text", (passed ? "passed" : "FAILED") + " on " + device + "\nDevice cpu");
  }

  private JsonObject known(String model) {
    if (!cards.containsKey(model)) {
      throw new EngineException(
          ErrorCode.UNKNOWN_MODEL, "there is no model '" + model + "'", "choose another one");
    }
    return cards.get(model);
  }

  private void put(JsonObject card) {
    cards.put(card.getString("id", ""), card);
  }

  JsonObject card(String id, String name, String task) {
    JsonObject card =
        json(
            "{'licence':'CC-BY-4.0','axes':'bcyx','settings':"
                + FakeEngine.SETTINGS
                + ",'version':'0.3.1','authors':['Zoë Ångström','Jo <b>Bold</b>'],"
                + "'tags':['fluorescence','2d','unet'],'weights':['onnx','torchscript'],"
                + "'bytes':48211000,'shipped':false,'problem':null,'tested':null,"
                + "'inputs':[{'name':'raw','axes':'bcyx','channels':['DAPI','GFP'],'optional':"
                + "false},{'name':'mask','axes':'byx','channels':[],'optional':true}],"
                + "'outputs':[{'name':'prob','axes':'bcyx','channels':['inside','edge']}],"
                + "'pixel_size':{'y':0.325,'x':0.325},'unit':'micrometer'}");
    card.add("id", id).add("name", name).add("task", task);
    card.add(
        "description",
        "A network that was trained on 3,217 images of cultured cells (widefield, 20x and 40x). It"
            + " finds every object, and separates those that touch.");
    card.add("folder", "/home/zoe/.local/share/drua/models/with-a-rather-long-name/" + id);
    return card.add("cover", cover == null ? Json.NULL : Json.value(cover));
  }

  private static JsonObject tested(boolean passed) {
    return json(
        "{'passed':"
            + passed
            + ",'difference':"
            + (passed ? "0.0000021" : "0.31")
            + ",'tiled_difference':0.0004,'device':'cpu','created':'2026-11-21T12:54:32Z'}");
  }

  private static JsonObject json(String text) {
    JsonValue value = Json.parse(text.replace('\'', '"'));
    return value.asObject();
  }
}
