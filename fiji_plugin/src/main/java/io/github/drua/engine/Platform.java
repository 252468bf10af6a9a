package io.github.drua.engine;

import java.io.File;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Everything that differs between Linux, macOS and Windows, and nothing else does. */
public final class Platform {
  private static final String[] PYTHONS = {
    "python3.12", "python3.13", "python3.11", "python3.14", "python3.10", "python3", "python"
  };

  /** The systems that ImageJ runs on. */
  public enum Kind {
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
  public Platform(Kind kind, Map<String, String> environment, Path home, Path temp, Path memory) {
    this.kind = kind;
    this.environment = environment;
    this.home = home;
    this.temp = temp;
    this.memory = memory;
  }

  /** Returns the system that this JVM runs on. */
  public static Platform current() {
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
  public String variable(String name) {
    return environment.getOrDefault(name, "").trim();
  }

  /** Returns the folder of the plugin's own Python environment. */
  public File environmentFolder() {
    return dataFolder().resolve("env").toFile();
  }

  /** Returns the folder that trainings are kept in, each in one of its own. */
  public File trainingFolder() {
    return dataFolder().resolve("training").toFile();
  }

  /** Returns the folder for what the user makes and installs, which is the engine's, too. */
  private Path dataFolder() {
    switch (kind) {
      case WINDOWS:
        String local = variable("LOCALAPPDATA");
        Path data = local.isEmpty() ? home.resolve("AppData").resolve("Local") : Paths.get(local);
        return data.resolve("Drua");
      case MACOS:
        return home.resolve("Library/Application Support/Drua");
      default:
        String share = variable("XDG_DATA_HOME");
        Path files = share.isEmpty() ? home.resolve(".local/share") : Paths.get(share);
        return files.resolve("drua");
    }
  }

  /** Returns the Python of a virtual environment. */
  public File pythonOf(File environmentFolder) {
    String python = kind == Kind.WINDOWS ? "Scripts\\python.exe" : "bin/python";
    return new File(environmentFolder, python.replace('\\', File.separatorChar));
  }

  /**
   * Returns the commands that may start a Python, the most suitable first: most packages are there
   * for a Python that is neither the newest nor the oldest.
   */
  public List<List<String>> pythons() {
    List<List<String>> commands = new ArrayList<>();
    if (kind == Kind.WINDOWS) {
      Path launcher = program("py");
      for (String version : new String[] {"-3.12", "-3.13", "-3.11", "-3"}) {
        if (launcher != null) {
          commands.add(Arrays.asList(launcher.toString(), version));
        }
      }
    }
    for (String name : PYTHONS) {
      Path program = program(name);
      if (program != null) {
        commands.add(Collections.singletonList(program.toString()));
      }
    }
    return commands;
  }

  /** Returns a program that the system finds by its name; null if there is none. */
  public Path program(String name) {
    String file = kind == Kind.WINDOWS ? name + ".exe" : name;
    for (Path folder : searched()) {
      Path program = folder.resolve(file);
      if (Files.isRegularFile(program) && Files.isExecutable(program)) {
        return program;
      }
    }
    return null;
  }

  private List<Path> searched() {
    List<Path> folders = new ArrayList<>();
    String path = variable(kind == Kind.WINDOWS && variable("PATH").isEmpty() ? "Path" : "PATH");
    for (String folder : path.split(kind == Kind.WINDOWS ? ";" : ":")) {
      if (!folder.trim().isEmpty()) {
        folders.add(Paths.get(folder.trim()));
      }
    }
    if (kind == Kind.MACOS) {
      // A program that was started from the Finder does not see what the shell sees.
      folders.add(Paths.get("/opt/homebrew/bin"));
      folders.add(Paths.get("/usr/local/bin"));
      folders.add(Paths.get("/Library/Frameworks/Python.framework/Versions/Current/bin"));
    }
    if (kind != Kind.WINDOWS) {
      folders.add(home.resolve(".local/bin")); // where uv installs itself
    }
    return folders;
  }

  /** Returns whether packages for NVIDIA devices exist for this system at all. */
  public boolean supportsNvidia(String architecture) {
    return kind != Kind.MACOS && (architecture.equals("amd64") || architecture.equals("x86_64"));
  }

  /** Returns the files of which one is there where the driver of NVIDIA is installed. */
  public List<Path> nvidiaDrivers() {
    if (kind == Kind.WINDOWS) {
      String windows = variable("SystemRoot").isEmpty() ? "C:\\Windows" : variable("SystemRoot");
      return Collections.singletonList(Paths.get(windows, "System32", "nvcuda.dll"));
    }
    return Arrays.asList(
        Paths.get("/usr/lib/x86_64-linux-gnu/libcuda.so.1"),
        Paths.get("/usr/lib64/libcuda.so.1"),
        Paths.get("/usr/lib/wsl/lib/libcuda.so.1"));
  }

  /** Returns how Python with what the plugin needs of it is installed, to be told to people. */
  public String installPython() {
    switch (kind) {
      case WINDOWS:
        return "install Python 3.12 from python.org";
      case MACOS:
        return "install Python 3.12 from python.org or with `brew install python@3.12`";
      default:
        return "install it, for example with `sudo apt-get install python3-venv`";
    }
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
