package io.github.drua.command;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A Java program of its own: ImageJ can be patched, or headless, only once in a program. */
final class Jvm {
  final int exit;
  final String out;
  final String err;

  private Jvm(int exit, String out, String err) {
    this.exit = exit;
    this.out = out;
    this.err = err;
  }

  /** Runs MacroTrial headless, with or without ij1-patcher. */
  static Jvm headless(boolean patched, Path folder, String... args) throws Exception {
    return run("true", patched, MacroTrial.class, folder, args);
  }

  /** Runs a main class with the display of this program. */
  static Jvm windowed(Class<?> main, Path folder, String... args) throws Exception {
    return run("false", false, main, folder, args);
  }

  private static Jvm run(
      String headless, boolean patched, Class<?> main, Path folder, String... args)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(System.getProperty("java.home") + "/bin/java");
    command.add("-Djava.awt.headless=" + headless);
    command.add("-Duser.home=" + folder);
    command.add("-Dfile.encoding=UTF-8");
    // A short life: compile little, collect garbage simply.
    command.addAll(Arrays.asList("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    if (!"1.8".equals(System.getProperty("java.specification.version"))) {
      command.add("--add-opens=java.base/java.lang=ALL-UNNAMED");
    }
    command.addAll(Arrays.asList("-cp", classPath(patched), main.getName()));
    command.addAll(Arrays.asList(args));
    File out = folder.resolve("out").toFile();
    File err = folder.resolve("err").toFile();
    Process process = new ProcessBuilder(command).redirectOutput(out).redirectError(err).start();
    boolean ended = process.waitFor(60, TimeUnit.SECONDS);
    process.destroyForcibly();
    return new Jvm(ended ? process.exitValue() : -1, text(out), text(err));
  }

  private static String classPath(boolean patched) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(path -> patched || !path.contains("ij1-patcher"))
        .collect(Collectors.joining(File.pathSeparator));
  }

  private static String text(File file) throws IOException {
    return new String(Files.readAllBytes(file.toPath()), StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return "exit " + exit + "\n--- out\n" + out + "--- err\n" + err;
  }
}
