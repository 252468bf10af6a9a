package io.github.drua;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.util.Random;

/** JSON of which some values are others or missing: what a broken or hostile engine may say. */
public final class Spoiled {
  /** How many examples a fuzz test tries; `make fuzz` asks for many. */
  public static final int EXAMPLES = Integer.getInteger("drua.fuzz", 2_000);

  private static final String[] VALUES = {
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "2147483648",
    "9223372036854775808",
    "1e308",
    "1e999",
    "\"\"",
    "\"x\"",
    "\"uint16\"",
    "\"9\"",
    "[]",
    "[[]]",
    "[2147483647]",
    "[-1]",
    "{}",
    "{\"a\":{}}"
  };

  private final Random random;

  /** Creates a source of faults that is the same for the same seed. */
  public Spoiled(long seed) {
    random = new Random(seed);
  }

  /** Returns a number from 0 on below a limit. */
  public int below(int limit) {
    return random.nextInt(limit);
  }

  /** Changes one to three values somewhere in an object. */
  public void spoil(JsonObject object) {
    for (int i = below(3); i >= 0; i--) {
      spoilOnce(object);
    }
  }

  /** Returns the text with bytes changed, or its beginning. */
  public String garble(String text) {
    if (text.isEmpty() || below(3) == 0) {
      return text.substring(0, below(text.length() + 1));
    }
    StringBuilder garbled = new StringBuilder(text);
    for (int i = below(4); i >= 0; i--) {
      garbled.setCharAt(below(garbled.length()), (char) below(256));
    }
    return garbled.toString();
  }

  private void spoilOnce(JsonValue value) {
    if (value.isObject() && !value.asObject().isEmpty()) {
      JsonObject object = value.asObject();
      String name = object.names().get(below(object.size()));
      if (isDeep(object.get(name)) && below(3) > 0) {
        spoilOnce(object.get(name));
      } else if (below(4) == 0) {
        object.remove(name);
      } else {
        object.set(name, other());
      }
    } else if (value.isArray() && !value.asArray().isEmpty()) {
      JsonArray array = value.asArray();
      array.set(below(array.size()), other());
    }
  }

  private static boolean isDeep(JsonValue value) {
    return value.isObject() || value.isArray();
  }

  private JsonValue other() {
    return Json.parse(VALUES[below(VALUES.length)]);
  }
}
