package io.github.drua.image;

import ij.ImagePlus;
import ij.measure.Calibration;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;

/** How the pixels of an ImageJ image travel. */
enum PixelType {
  UINT8("uint8", 1),
  UINT16("uint16", 2),
  INT16("int16", 2) {
    @Override
    Object convert(Object plane, ColorModel colours) {
      // ImageJ stores the value plus 32768: taking it away turns the highest bit.
      short[] stored = (short[]) plane;
      short[] values = new short[stored.length];
      for (int i = 0; i < stored.length; i++) {
        values[i] = (short) (stored[i] ^ 0x8000);
      }
      return values;
    }
  },
  FLOAT32("float32", 4),
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

  private static boolean isSigned(Calibration calibration) {
    return calibration.isSigned16Bit();
  }
}
