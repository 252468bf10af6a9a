package io.github.drua.image;

import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import ij.ImagePlus;
import ij.measure.ResultsTable;
import io.github.drua.engine.Result;
import io.github.drua.engine.Segment;
import java.awt.GraphicsEnvironment;

/** Measurements that the engine returned, as an ImageJ table. */
public final class Table {
  private Table() {}

  /** Returns the table of a result. */
  public static ResultsTable of(Result result) {
    JsonObject table = result.outputs().get("table").asObject();
    JsonArray columns = table.get("columns").asArray();
    JsonObject rows = table.get("rows").asObject();
    int count = rows.get("shape").asArray().get(0).asInt();
    result.segment().check(count, Double.BYTES * Math.max(1, columns.size()));
    double[] values = values(rows, count * columns.size(), result.segment());
    ResultsTable results = new ResultsTable(count);
    for (int column = 0; column < columns.size(); column++) {
      fill(results, columns.get(column).asString(), values, column, columns.size());
    }
    return results;
  }

  /**
   * Shows the table of an image in a window of its own, never in the user's Results.
   *
   * <p>Without windows, where ImageJ has no table but Results, the rows are appended there, as
   * Measure does, so that a macro can read them.
   */
  public static void show(ResultsTable table, ImagePlus image) {
    if (GraphicsEnvironment.isHeadless()) {
      append(table, ResultsTable.getResultsTable());
    } else {
      table.show(Titles.table(image));
    }
  }

  private static void append(ResultsTable table, ResultsTable results) {
    for (int row = 0; row < table.size(); row++) {
      results.incrementCounter();
      for (String heading : table.getHeadings()) {
        results.addValue(heading, table.getValue(heading, row));
      }
    }
  }

  private static double[] values(JsonObject rows, int length, Segment segment) {
    double[] values = new double[length];
    segment.get(rows.getLong("offset", 0), values, 0, length);
    return values;
  }

  private static void fill(
      ResultsTable results, String heading, double[] values, int column, int columns) {
    boolean whole = true;
    // The column exists, and keeps its place, also without rows.
    int index = results.getFreeColumn(heading);
    for (int row = 0; row < results.size(); row++) {
      double value = values[row * columns + column];
      results.setValue(index, row, value);
      whole &= value == Math.rint(value);
    }
    results.setDecimalPlaces(index, whole ? 0 : 3);
  }
}
