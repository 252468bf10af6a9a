package io.github.drua.engine;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Lines of UTF-8 from a stream, each cut at a limit so that no stream can fill the memory. */
final class LineReader {
  private final InputStream in;
  private final int limit;

  LineReader(InputStream in, int limit) {
    this.in = new BufferedInputStream(in, 1 << 16);
    this.limit = limit;
  }

  /** Returns the next line without its end; null after the last one. */
  String next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(256);
    int b = in.read();
    if (b < 0) {
      return null;
    }
    for (; b >= 0 && b != '\n'; b = in.read()) {
      if (b != '\r' && line.size() < limit) {
        line.write(b);
      }
    }
    return new String(line.toByteArray(), StandardCharsets.UTF_8);
  }
}
