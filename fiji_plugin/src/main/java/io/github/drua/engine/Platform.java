package io.github.drua.engine;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Everything that differs between Linux, macOS and Windows, and nothing else does. */
final class Platform {
  /** The systems that ImageJ runs on. */
  enum Kind {
    LINUX,
    MACOS,
    WINDOWS
  }

  private final Kind kind;
  private final Map<String, String> environment;
  private final Path home;
  private final Path temp;
  private final Path memory;

  /**
   * Describes a system.
   *
   * @param memory where Linux keeps files in memory
   */
  Platform(Kind kind, Map<String, String> environment, Path home, Path temp, Path memory) {
    this.kind = kind;
    this.environment = environment;
    this.home = home;
    this.temp = temp;
    this.memory = memory;
  }

  /** Returns the system that this JVM runs on. */
  static Platform current() {
    return new Platform(
        kind(System.getProperty("os.name", "")),
        System.getenv(),
        Paths.get(System.getProperty("user.home", ".")),
        Paths.get(System.getProperty("java.io.tmpdir", ".")),
        Paths.get("/dev/shm"));
  }

  static Kind kind(String osName) {
    String name = osName.toLowerCase(Locale.ROOT);
    if (name.startsWith("windows")) {
      return Kind.WINDOWS;
    }
    return name.startsWith("mac") || name.startsWith("darwin") ? Kind.MACOS : Kind.LINUX;
  }

  /** Returns a variable of the environment; empty if it is not set. */
  String variable(String name) {
    return environment.getOrDefault(name, "").trim();
  }

  /** Returns where the plugin looks for a Python environment of its own. */
  File environmentFolder() {
    switch (kind) {
      case WINDOWS:
        String local = variable("LOCALAPPDATA");
        Path data = local.isEmpty() ? home.resolve("AppData").resolve("Local") : Paths.get(local);
        return data.resolve("Drua").resolve("env").toFile();
      case MACOS:
        return home.resolve("Library/Application Support/Drua/env").toFile();
      default:
        String share = variable("XDG_DATA_HOME");
        Path files = share.isEmpty() ? home.resolve(".local/share") : Paths.get(share);
        return files.resolve("drua").resolve("env").toFile();
    }
  }

  /** Returns the Python of a virtual environment. */
  File pythonOf(File environmentFolder) {
    String python = kind == Kind.WINDOWS ? "Scripts\\python.exe" : "bin/python";
    return new File(environmentFolder, python.replace('\\', File.separatorChar));
  }

  /** Returns the command that makes a virtual environment there, to be shown to people. */
  String makeEnvironment(File folder) {
    String python = kind == Kind.WINDOWS ? "py -3" : "python3";
    return python + " -m venv " + quoted(folder);
  }

  /**
   * Returns the command that installs the engine into a Python, to be shown to people. It is in no
   * package index: the folder is the one that the plugin was built in.
   */
  String installEngine(File python) {
    return quoted(python) + " -m pip install DRUA-FOLDER";
  }

  private static String quoted(File file) {
    return file.getPath().contains(" ") ? '"' + file.getPath() + '"' : file.getPath();
  }

  /** Returns the folders to keep segments in, the best one first. */
  List<Path> segmentParents() {
    List<Path> parents = new ArrayList<>();
    if (kind == Kind.LINUX && Files.isDirectory(memory) && Files.isWritable(memory)) {
      parents.add(memory);
    }
    parents.add(temp);
    return parents;
  }

  /** Returns whether a file may be deleted while it is mapped. */
  boolean unlinksMapped() {
    return kind != Kind.WINDOWS;
  }

  /** Returns what makes a new folder private to the user. */
  FileAttribute<?>[] folderAttributes() {
    return attributes("rwx------");
  }

  /** Returns what makes a new file private to the user. */
  FileAttribute<?>[] fileAttributes() {
    return attributes("rw-------");
  }

  private FileAttribute<?>[] attributes(String permissions) {
    if (kind == Kind.WINDOWS) {
      return new FileAttribute<?>[0]; // the user's own temp folder is private there
    }
    return new FileAttribute<?>[] {
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
    };
  }

  /** Returns the name of the user, fit for a file name. */
  static String user() {
    return System.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9]", "_");
  }

  /** Returns the number of this process; Java 8 tells it only this way. */
  static String pid() {
    return ManagementFactory.getRuntimeMXBean().getName().replaceAll("[^0-9].*", "");
  }
}
