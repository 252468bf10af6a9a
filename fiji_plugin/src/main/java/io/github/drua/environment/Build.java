package io.github.drua.environment;

/** What runs the networks in an environment: exactly one of these. */
public enum Build {
  /** Runs everywhere. */
  CPU("cpu", "CPU", 150, 900),
  /** Brings CUDA and cuDNN along; needs nothing but the driver. */
  NVIDIA("nvidia", "NVIDIA", 1_700, 5_500),
  /**
   * As CPU, with PyTorch beside it, to train and to run TorchScript; PyTorch finds NVIDIA devices
   * by itself. With NVIDIA it would need two versions of CUDA.
   */
  TORCH("torch", "CPU, with PyTorch", 3_150, 9_500);

  private final String word;
  private final String label;
  private final long download;
  private final long disk;

  // Measured with the pins of 0.1.0 on Linux; the disk holds downloads and packages for a while.
  Build(String word, String label, long downloadMegabytes, long diskMegabytes) {
    this.word = word;
    this.label = label;
    this.download = downloadMegabytes * Sizes.MEGABYTE;
    this.disk = diskMegabytes * Sizes.MEGABYTE;
  }

  /** Returns the name in options, and of the engine's pins. */
  public String word() {
    return word;
  }

  /** Returns the name for people. */
  public String label() {
    return label;
  }

  /** Returns about how many bytes are downloaded. */
  public long download() {
    return download;
  }

  /** Returns how many bytes must be free on the disk. */
  public long disk() {
    return disk;
  }

  /** Returns the build of this word; null for another one. */
  public static Build of(String word) {
    for (Build build : values()) {
      if (build.word.equals(word)) {
        return build;
      }
    }
    return null;
  }
}
