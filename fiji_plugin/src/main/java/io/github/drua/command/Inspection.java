package io.github.drua.command;

import com.eclipsesource.json.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** What the engine found in a source: a package, or a bare network that it has to ask about. */
public final class Inspection {
  private final JsonObject json;
  private final Card card;
  private final List<Setting> questions = new ArrayList<>();

  Inspection(JsonObject json) {
    this.json = json;
    card = isNetwork() ? null : new Card(Objects.requireNonNull(Fields.object(json, "card")));
    Fields.objects(json, "questions").forEach(each -> questions.add(new Setting(each)));
  }

  /** Returns whether it is a network without a description. */
  public boolean isNetwork() {
    return "network".equals(Fields.text(json, "kind"));
  }

  /** Returns the card of the package; null for a bare network. */
  public Card card() {
    return card;
  }

  /** Returns whether a model of the same id is installed. */
  public boolean installed() {
    return Fields.flag(json, "installed");
  }

  /** Returns the source code that must run to convert the package; null if it needs none. */
  public SourceCode code() {
    JsonObject code = Fields.object(json, "code");
    return code == null ? null : new SourceCode(code);
  }

  /** Returns the name of the file of a bare network. */
  public String file() {
    return Fields.text(json, "file");
  }

  /** Returns what must be known of a bare network; empty for a package. */
  public List<Setting> questions() {
    return Collections.unmodifiableList(questions);
  }
}
