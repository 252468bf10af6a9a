package io.github.drua.environment;

import io.github.drua.engine.OwnEnvironment;
import io.github.drua.engine.Platform;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A computer in a folder, with a Python that makes environments in no time. */
final class Machine {
  final List<String> chosen = new ArrayList<>();
  final Map<String, String> variables = new HashMap<>();
  int restarts;
  private final Path home;
  private final Path bin;

  Machine(Path folder) throws IOException {
    home = Files.createDirectories(folder.resolve("hôme of Zoë"));
    bin = Files.createDirectories(home.resolve("bin"));
    variables.put("PATH", bin.toString());
    mode("good");
    install("python3.12", script());
  }

  private String script() throws IOException {
    try {
      Path source = Paths.get(Machine.class.getResource("/environment/fake_python.sh").toURI());
      return new String(Files.readAllBytes(source), StandardCharsets.UTF_8)
          .replace("@MODE@", mode().toString())
          .replace("@CALLS@", home.resolve("calls").toString());
    } catch (URISyntaxException e) {
      throw new IOException(e);
    }
  }

  Path mode() {
    return home.resolve("mode");
  }

  /** Tells the Python how to behave. */
  void mode(String mode) throws IOException {
    Files.write(mode(), mode.getBytes(StandardCharsets.UTF_8));
  }

  /** Puts a program where the machine looks for programs. */
  Path install(String name, String script) throws IOException {
    Path file = bin.resolve(name);
    Files.write(file, script.getBytes(StandardCharsets.UTF_8));
    if (!file.toFile().setExecutable(true)) {
      throw new IOException(file.toString());
    }
    return file;
  }

  void remove(String name) throws IOException {
    Files.delete(bin.resolve(name));
  }

  Path home() {
    return home;
  }

  /** Returns what pip was called with. */
  String calls() throws IOException {
    return new String(Files.readAllBytes(home.resolve("calls")), StandardCharsets.UTF_8);
  }

  Platform platform() {
    return new Platform(Platform.Kind.LINUX, variables, home, home, home);
  }

  OwnEnvironment own() {
    return new OwnEnvironment(platform());
  }

  /** Returns the environments as the plugin of a version sees them. */
  Environments environments(String version) throws IOException {
    Path wheel = home.resolve("drua-" + version + ".whl");
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
      for (Build build : Build.values()) {
        zip.putNextEntry(new ZipEntry("drua/pins/" + build.word() + ".txt"));
        zip.write(
            ("numpy==2.0.0\nsix==1.0\n" + build.word() + "==1.0\n")
                .getBytes(StandardCharsets.UTF_8));
      }
    }
    EngineWheel engine =
        new EngineWheel(version, wheel.getFileName().toString(), wheel.toUri().toURL());
    return new Environments(platform(), engine, chosen::add, () -> restarts++);
  }

  /** Returns the names of all builds, complete or not. */
  List<String> builds() throws IOException {
    List<String> names = new ArrayList<>();
    try (Stream<Path> files = Files.list(own().folder())) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> Character.isDigit(name.charAt(0)))
          .forEach(names::add);
    }
    return names;
  }
}
