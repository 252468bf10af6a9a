package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import io.github.drua.engine.EngineClient;
import io.github.drua.engine.EngineException;
import io.github.drua.engine.ErrorCode;
import io.github.drua.engine.Progress;
import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What to do with the models, checked; the same for menu and macro. */
public final class ModelsParameters {
  private static final List<String> ACTIONS =
      Collections.unmodifiableList(Arrays.asList("list", "add", "remove", "test"));

  private static final Map<String, List<String>> KEYS = keys();

  private final String action;
  private final String source;
  private final boolean replace;
  private final String allowCode;
  private final String model;
  private final String device;
  private final Map<String, String> answers = new LinkedHashMap<>();

  private ModelsParameters(MacroOptions options) {
    action = ModelParameters.word("action", options.get("action", "list"), ACTIONS);
    List<String> own = KEYS.get(action);
    if (action.equals("add")) {
      // What else is written answers the questions about a network, which only a look at it tells.
      options.all().forEach((key, value) -> keepAnswer(own, key, value));
    } else {
      checkKeys(options, own);
    }
    source = absolute(options.get("source", ""));
    replace = ModelParameters.flag("replace", options.get("replace", "false"));
    allowCode = options.get("allow_code", "").trim();
    model = options.get("model", "").trim();
    device = options.get("device", "auto");
    needed("source", own.contains("source") && source.isEmpty(), "source=[/path/or/url]");
    needed(
        "model", own.contains("model") && model.isEmpty(), "model=id; action=list tells the ids");
    if (!allowCode.isEmpty() && !allowCode.matches("[0-9a-f]{64}")) {
      throw error(
          "allow_code is '" + allowCode + "', but must be the SHA-256 of the source that may run",
          "write the 64 hexadecimal digits that are shown with the source");
    }
  }

  private static Map<String, List<String>> keys() {
    Map<String, List<String>> keys = new LinkedHashMap<>();
    keys.put("list", Arrays.asList("action"));
    keys.put("add", Arrays.asList("action", "source", "replace", "allow_code"));
    keys.put("remove", Arrays.asList("action", "model"));
    keys.put("test", Arrays.asList("action", "model", "device"));
    return Collections.unmodifiableMap(keys);
  }

  /** Returns the parameters that options tell. */
  public static ModelsParameters from(MacroOptions options) {
    return new ModelsParameters(options);
  }

  /** Returns every parameter of the action as options that give these parameters again. */
  public Map<String, String> toOptions() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("action", action);
    values.put("source", File.separatorChar == '\\' ? source.replace('\\', '/') : source);
    values.put("replace", Boolean.toString(replace));
    values.put("allow_code", allowCode);
    values.put("model", model);
    values.put("device", device);
    values.keySet().retainAll(KEYS.get(action));
    values.putAll(answers);
    return values;
  }

  /** Does it and returns what is to be told; takes long. */
  String run(EngineClient engine, Progress progress) {
    switch (action) {
      case "add":
        return add(engine, Models.inspect(engine, source, progress), progress);
      case "remove":
        Models.remove(engine, model, progress);
        return "Removed the model " + model;
      case "test":
        return Models.test(engine, model, device, progress);
      default:
        return new ModelsTable(Models.all(engine, progress)).text();
    }
  }

  /** Installs what was found in the source and returns what is to be told; takes long. */
  String add(EngineClient engine, Inspection found, Progress progress) {
    JsonObject answered = found.isNetwork() ? answers(found.questions()) : null;
    if (!found.isNetwork()) {
      checkKeys(MacroOptions.of(toOptions()), KEYS.get("add"));
    }
    Card card = Models.add(engine, source, answered, allowCode, replace, progress);
    return "Installed the model " + card.id() + " (" + card.name() + ")";
  }

  private JsonObject answers(List<Setting> questions) {
    List<String> keys = new ArrayList<>(KEYS.get("add"));
    for (Setting question : questions) {
      if (keys.contains(question.name())) {
        throw new EngineException(
            ErrorCode.PROTOCOL,
            "the engine asks for '" + question.name() + "', which is a word of the command itself",
            "install plugin and engine of the same version");
      }
      keys.add(question.name());
    }
    MacroOptions.of(toOptions()).allowOnly(keys);
    JsonObject json = new JsonObject();
    for (Setting question : questions) {
      String given = answers.getOrDefault(question.name(), question.standard());
      needed(
          question.name(),
          given.isEmpty() && question.required(),
          question.name() + "=... (" + question.label() + ")");
      json.add(question.name(), question.json(question.check(given)));
    }
    return json;
  }

  private void keepAnswer(List<String> own, String key, String value) {
    if (!own.contains(key)) {
      answers.put(key, value);
    }
  }

  private void checkKeys(MacroOptions options, List<String> own) {
    for (String key : options.all().keySet()) {
      boolean known = KEYS.values().stream().anyMatch(keys -> keys.contains(key));
      if (known && !own.contains(key)) {
        throw error(key + " means nothing to action=" + action, "leave it out");
      }
    }
    options.allowOnly(own);
  }

  private void needed(String key, boolean missing, String example) {
    if (missing) {
      throw error("action is '" + action + "', but " + key + " is missing", "write " + example);
    }
  }

  /** Returns the source for an engine that runs in another folder; a URL is what it is. */
  private static String absolute(String source) {
    String trimmed = source.trim();
    return trimmed.isEmpty() || trimmed.matches("[a-zA-Z][a-zA-Z0-9+.-]*://.*")
        ? trimmed
        : new File(trimmed).getAbsolutePath();
  }

  private static EngineException error(String message, String remedy) {
    return new EngineException(ErrorCode.SETTING, message, remedy);
  }
}
