package io.github.drua.engine;

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;

/**
 * Ends mappings now instead of at some garbage collection.
 *
 * <p>Gigabytes of shared memory weigh nothing on the Java heap, so that the collector may not come
 * for hours. Java has no public call for it before 22; where the unofficial ones are missing, the
 * collector does it after all.
 */
final class Unmapper {
  private Unmapper() {}

  static void unmap(ByteBuffer[] buffers) {
    for (ByteBuffer buffer : buffers) {
      try {
        unmap(buffer);
      } catch (ReflectiveOperationException | RuntimeException e) {
        return; // left to the garbage collector
      }
    }
  }

  private static void unmap(ByteBuffer buffer) throws ReflectiveOperationException {
    if (System.getProperty("java.specification.version").startsWith("1.")) {
      Method cleaner = buffer.getClass().getMethod("cleaner");
      cleaner.setAccessible(true);
      Object it = cleaner.invoke(buffer);
      Method clean = it.getClass().getMethod("clean");
      clean.setAccessible(true);
      clean.invoke(it);
    } else {
      Class<?> unsafe = Class.forName("sun.misc.Unsafe");
      Field instance = unsafe.getDeclaredField("theUnsafe");
      instance.setAccessible(true);
      unsafe.getMethod("invokeCleaner", ByteBuffer.class).invoke(instance.get(null), buffer);
    }
  }
}
