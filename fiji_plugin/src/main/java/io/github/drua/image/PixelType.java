package io.github.drua.image;

import ij.ImagePlus;
import ij.measure.Calibration;
import io.github.drua.engine.Segment;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;

/** How the pixels of an ImageJ image travel. */
enum PixelType {
  UINT8("uint8", 1) {
    @Override
    Object read(Segment segment, long offset, int length) {
      byte[] plane = new byte[length];
      segment.get(offset, plane, 0, length);
      return plane;
    }
  },
  UINT16("uint16", 2) {
    @Override
    Object read(Segment segment, long offset, int length) {
      return shorts(segment, offset, length);
    }
  },
  INT16("int16", 2) {
    @Override
    Object convert(Object plane, ColorModel colours) {
      return turned((short[]) plane);
    }

    @Override
    Object read(Segment segment, long offset, int length) {
      return turned(shorts(segment, offset, length));
    }
  },
  FLOAT32("float32", 4) {
    @Override
    Object read(Segment segment, long offset, int length) {
      float[] plane = new float[length];
      segment.get(offset, plane, 0, length);
      return plane;
    }
  },
  RGB("argb32", 4),
  INDEXED("argb32", 4) {
    @Override
    Object convert(Object plane, ColorModel colours) {
      int[] table = new int[256];
      IndexColorModel indexed = (IndexColorModel) colours;
      for (int i = 0; i < Math.min(table.length, indexed.getMapSize()); i++) {
        table[i] = indexed.getRGB(i);
      }
      byte[] indices = (byte[]) plane;
      int[] values = new int[indices.length];
      for (int i = 0; i < indices.length; i++) {
        values[i] = table[indices[i] & 0xff];
      }
      return values;
    }
  };

  /** The protocol's name. */
  final String dtype;

  /** Bytes in one pixel. */
  final int bytes;

  PixelType(String dtype, int bytes) {
    this.dtype = dtype;
    this.bytes = bytes;
  }

  /** Returns the type of an image's pixels. */
  static PixelType of(ImagePlus image) {
    switch (image.getType()) {
      case ImagePlus.GRAY8:
        return UINT8;
      case ImagePlus.GRAY16:
        return isSigned(image.getCalibration()) ? INT16 : UINT16;
      case ImagePlus.GRAY32:
        return FLOAT32;
      case ImagePlus.COLOR_RGB:
        return RGB;
      default:
        return INDEXED;
    }
  }

  /** Returns whether one pixel is a colour instead of a number. */
  boolean isColour() {
    return this == RGB || this == INDEXED;
  }

  /** Returns a plane as it travels; the array itself where nothing is to be changed. */
  Object convert(Object plane, ColorModel colours) {
    return plane;
  }

  /** Returns a plane of a result as ImageJ has it; results have no pixels that are colours. */
  Object read(Segment segment, long offset, int length) {
    throw new UnsupportedOperationException(dtype);
  }

  private static short[] shorts(Segment segment, long offset, int length) {
    short[] plane = new short[length];
    segment.get(offset, plane, 0, length);
    return plane;
  }

  /** ImageJ stores a signed value plus 32768: adding or taking it away turns the highest bit. */
  private static short[] turned(short[] values) {
    short[] turned = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      turned[i] = (short) (values[i] ^ 0x8000);
    }
    return turned;
  }

  private static boolean isSigned(Calibration calibration) {
    return calibration.isSigned16Bit();
  }
}
