package io.github.drua.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LineReaderTest {
  private static LineReader reader(String text, int limit) {
    return new LineReader(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), limit);
  }

  @Test
  void linesAreUtf8WithoutTheirEnds() throws IOException {
    LineReader lines = reader("Ünï\r\n\nlast", 100);
    assertEquals("Ünï", lines.next());
    assertEquals("", lines.next());
    assertEquals("last", lines.next());
    assertNull(lines.next());
  }

  @Test
  void longLineIsCutAndTheNextOneIsWhole() throws IOException {
    LineReader lines = reader("0123456789\nnext\n", 4);
    assertEquals("0123", lines.next());
    assertEquals("next", lines.next());
  }

  @Test
  void logKeepsItsEnd() {
    LogTail log = new LogTail();
    for (int i = 0; i < 1000; i++) {
      log.add("line " + i);
    }
    log.add(" ");
    assertTrue(log.text().startsWith("line 801\n"), log.text());
    assertEquals("line 998\nline 999", log.last(2));
  }

  @Test
  void logOfLongLinesStaysSmall() {
    LogTail log = new LogTail();
    for (int i = 0; i < 50; i++) {
      log.add(new String(new char[4096]));
    }
    assertTrue(log.text().length() <= 16 << 10);
  }
}
