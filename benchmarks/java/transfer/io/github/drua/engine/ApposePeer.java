package io.github.drua.engine;

import ij.ImageStack;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apposed.appose.Appose;
import org.apposed.appose.NDArray;
import org.apposed.appose.Service;

/** Appose as its users have it: a new segment for each image, and a script that sees it as an array. */
final class ApposePeer implements AutoCloseable {
  private static final String WORKER = "from appose.python_worker import main; main()";
  private static final String LOOK =
      "planes = image.ndarray()\ntask.outputs['sum'] = int(planes[:, -1, -1].sum(dtype='int64'))\n";

  private final Service service;

  ApposePeer(String python) throws Exception {
    service = Appose.system().service(Arrays.asList(python), "-c", WORKER);
    service.init("import numpy");
  }

  /** Hands a stack over and returns the sum of one pixel of every plane. */
  long send(ImageStack stack) throws Exception {
    NDArray.Shape shape =
        new NDArray.Shape(
            NDArray.Shape.Order.C_ORDER, stack.size(), stack.getHeight(), stack.getWidth());
    try (NDArray image = new NDArray(NDArray.DType.UINT16, shape)) {
      ByteBuffer buffer = image.buffer();
      ShortBuffer pixels = buffer.order(ByteOrder.nativeOrder()).asShortBuffer();
      for (int i = 1; i <= stack.size(); i++) {
        pixels.put((short[]) stack.getPixels(i));
      }
      Map<String, Object> inputs = new HashMap<>();
      inputs.put("image", image);
      Service.Task task = service.task(LOOK, inputs).waitFor();
      if (task.error != null) {
        throw new IllegalStateException(task.error);
      }
      return ((Number) task.outputs.get("sum")).longValue();
    }
  }

  @Override
  public void close() {
    service.close();
  }
}
