package io.github.drua.ui;

import java.awt.Component;
import java.awt.Container;
import java.awt.Dimension;
import java.awt.Insets;
import java.awt.LayoutManager;
import java.awt.Rectangle;
import javax.swing.BorderFactory;
import javax.swing.JPanel;
import javax.swing.JViewport;
import javax.swing.Scrollable;

/**
 * Components in two columns, the second one as wide as there is room: text in it is wrapped, and
 * rows are as high as it needs. A row without a first component takes the whole width.
 */
final class Rows extends JPanel implements Scrollable {
  private static final long serialVersionUID = 1L;
  private static final int SPACE = 6;
  private static final int STEP = 16;

  private final int standardWidth;

  Rows(int standardWidth) {
    super(null);
    this.standardWidth = standardWidth;
    setLayout(new Layout());
    setBorder(BorderFactory.createEmptyBorder(SPACE, SPACE, SPACE, SPACE));
  }

  /** Adds a component that takes the whole width. */
  void addWide(Component component) {
    add(new JPanel()).setVisible(false);
    add(component);
  }

  /** Adds a row. */
  void addRow(Component first, Component second) {
    add(first);
    add(second);
  }

  @Override
  public Dimension getPreferredScrollableViewportSize() {
    return getPreferredSize();
  }

  @Override
  public int getScrollableUnitIncrement(Rectangle seen, int orientation, int direction) {
    return STEP;
  }

  @Override
  public int getScrollableBlockIncrement(Rectangle seen, int orientation, int direction) {
    return Math.max(STEP, seen.height - STEP);
  }

  @Override
  public boolean getScrollableTracksViewportWidth() {
    return true;
  }

  @Override
  public boolean getScrollableTracksViewportHeight() {
    return getParent() instanceof JViewport && getParent().getHeight() > getPreferredSize().height;
  }

  /** The width that there is, and the height of text that is wrapped to it. */
  private final class Layout implements LayoutManager {
    @Override
    public void addLayoutComponent(String name, Component component) {
      // the order of the components says everything
    }

    @Override
    public void removeLayoutComponent(Component component) {
      // the order of the components says everything
    }

    @Override
    public Dimension preferredLayoutSize(Container parent) {
      boolean scrolls = parent.getParent() instanceof JViewport;
      int width = scrolls ? parent.getParent().getWidth() : parent.getWidth();
      int used = width > 0 ? width : standardWidth;
      return new Dimension(used, place(used, false));
    }

    @Override
    public Dimension minimumLayoutSize(Container parent) {
      return preferredLayoutSize(parent);
    }

    @Override
    public void layoutContainer(Container parent) {
      place(parent.getWidth(), true);
    }

    private int place(int width, boolean move) {
      Insets insets = getInsets();
      int column = firstColumn();
      int y = insets.top;
      for (int i = 0; i + 1 < getComponentCount(); i += 2) {
        Component first = getComponent(i);
        Component second = getComponent(i + 1);
        int x = insets.left + (first.isVisible() ? column : 0);
        int room = Math.max(1, width - insets.right - x);
        second.setSize(room, Short.MAX_VALUE);
        int height = second.getPreferredSize().height;
        if (move) {
          Dimension size = first.getPreferredSize();
          first.setBounds(insets.left, y, size.width, size.height);
          second.setBounds(x, y, room, height);
        }
        height = first.isVisible() ? Math.max(height, first.getPreferredSize().height) : height;
        y += height + SPACE;
      }
      return y - SPACE + insets.bottom;
    }

    private int firstColumn() {
      int widest = 0;
      for (int i = 0; i < getComponentCount(); i += 2) {
        boolean visible = getComponent(i).isVisible();
        widest = Math.max(widest, visible ? getComponent(i).getPreferredSize().width : 0);
      }
      return widest + 2 * SPACE;
    }
  }
}
