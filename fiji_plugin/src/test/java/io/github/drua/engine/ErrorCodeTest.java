package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ErrorCodeTest {
  @Test
  void codesAreThoseOfPythonAndInternal() throws IOException {
    Set<String> expected = new TreeSet<>();
    expected.add("INTERNAL");
    Matcher code =
        Pattern.compile("(?m)^ {4}code = \"(\\w+)\"")
            .matcher(Golden.read("python_engine/drua/errors.py"));
    while (code.find()) {
      expected.add(code.group(1));
    }
    Set<String> codes =
        Arrays.stream(ErrorCode.values())
            .map(Enum::name)
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(expected, codes);
  }

  @Test
  void unknownCodeIsInternal() {
    assertEquals(ErrorCode.SETTING, ErrorCode.of("SETTING"));
    assertEquals(ErrorCode.INTERNAL, ErrorCode.of("FROM_THE_FUTURE"));
  }
}
