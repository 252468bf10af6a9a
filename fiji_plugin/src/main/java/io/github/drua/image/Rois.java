package io.github.drua.image;

import ij.ImagePlus;
import ij.gui.Overlay;
import ij.gui.PolygonRoi;
import ij.gui.Roi;
import ij.gui.ShapeRoi;
import ij.plugin.frame.RoiManager;
import io.github.drua.engine.Result;
import java.awt.Color;
import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Outlines as ImageJ ROIs: one for each outline, or one for each plane to look at. */
public final class Rois {
  private static final Color OUTLINE = Color.YELLOW;
  private static final String MERGED = "drua-outlines";

  private final Outlines outlines;

  private Rois(Outlines outlines) {
    this.outlines = outlines;
  }

  /** Returns the ROIs of a result, which may be given back afterwards. */
  public static Rois of(Result result, Region region) {
    return new Rois(Outlines.of(result, region));
  }

  /**
   * Returns one ROI for each outline, with its position in an image.
   *
   * <p>It is named after its object, {@code label-3}; where objects span slices it also tells the
   * slice, {@code label-3-z5}.
   */
  public List<Roi> separate(ImagePlus image) {
    List<Roi> rois = new ArrayList<>(outlines.size());
    boolean spanning = outlines.spanPlanes();
    for (int i = 0; i < outlines.size(); i++) {
      Roi roi = outlines.rings(i) == 1 ? polygon(i) : composite(i);
      roi.setName("label-" + outlines.label(i) + (spanning ? "-z" + outlines.slice(i) : ""));
      setPosition(roi, i, image);
      rois.add(roi);
    }
    return rois;
  }

  /** Appends the ROIs to the ROI Manager; nothing that is in it changes. */
  public void addToManager(ImagePlus image) {
    RoiManager manager = RoiManager.getInstance();
    if (manager == null) {
      manager = new RoiManager();
    }
    // With Show All each ROI that comes would be drawn with all before it.
    manager.runCommand("Show None");
    for (Roi roi : separate(image)) {
      manager.add((ImagePlus) null, roi, -1);
    }
  }

  /** Appends one ROI for each outline to the overlay of an image. */
  public void addToOverlay(ImagePlus image) {
    Overlay overlay = overlay(image);
    for (Roi roi : separate(image)) {
      roi.setStrokeColor(OUTLINE);
      overlay.add(roi);
    }
    image.setOverlay(overlay);
  }

  /**
   * Draws all outlines over an image, as one ROI for each plane: thousands of ROIs would take
   * ImageJ a second at every redraw. What Drua drew there before is replaced, all else stays.
   */
  public void drawOver(ImagePlus image) {
    Overlay overlay = overlay(image);
    for (Roi roi : merged(image)) {
      overlay.remove(roi.getName());
      overlay.add(roi);
    }
    image.setOverlay(overlay);
  }

  private static Overlay overlay(ImagePlus image) {
    Overlay overlay = image.getOverlay();
    return overlay == null ? new Overlay() : overlay;
  }

  private List<Roi> merged(ImagePlus image) {
    Map<String, Path2D> paths = new LinkedHashMap<>();
    Map<String, Integer> first = new LinkedHashMap<>();
    for (int i = 0; i < outlines.size(); i++) {
      String name = MERGED + "-" + outlines.slice(i) + "-" + outlines.frame(i);
      outlines.addTo(paths.computeIfAbsent(name, key -> evenOdd()), i);
      first.putIfAbsent(name, i);
    }
    List<Roi> rois = new ArrayList<>();
    paths.forEach(
        (name, path) -> {
          Roi roi = new ShapeRoi(path);
          roi.setName(name);
          roi.setStrokeColor(OUTLINE);
          setPosition(roi, first.get(name), image);
          rois.add(roi);
        });
    return rois;
  }

  private Roi polygon(int outline) {
    int[] xs = outlines.firstRing(outline, 0);
    return new PolygonRoi(xs, outlines.firstRing(outline, 1), xs.length, Roi.POLYGON);
  }

  private Roi composite(int outline) {
    Path2D path = evenOdd();
    outlines.addTo(path, outline);
    return new ShapeRoi(path);
  }

  private static Path2D evenOdd() {
    return new Path2D.Float(Path2D.WIND_EVEN_ODD);
  }

  /** Puts a ROI on its plane: all channels of it where there are several. */
  private void setPosition(Roi roi, int outline, ImagePlus image) {
    int slice = Math.min(outlines.slice(outline), image.getNSlices());
    int frame = Math.min(outlines.frame(outline), image.getNFrames());
    int channel = image.getNChannels() > 1 ? 0 : 1;
    int axes =
        (image.getNChannels() > 1 ? 1 : 0)
            + (image.getNSlices() > 1 ? 1 : 0)
            + (image.getNFrames() > 1 ? 1 : 0);
    if (axes > 1) {
      roi.setPosition(channel, slice, frame);
    } else if (axes == 1 && channel == 1) {
      roi.setPosition(image.getStackIndex(1, slice, frame));
    }
  }
}
