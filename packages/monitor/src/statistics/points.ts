import { shown, TsopsError } from "@tsops/core";

/** Numbers, or rows of several columns: one array a column, all of one length. */
export type Points = Float64Array | readonly Float64Array[];

/**
 * Columns of a sample, checked.
 * @param name - As a sentence begins, e.g. `"The reference"`.
 * @throws TsopsError MONITOR_INVALID when columns are missing or of different lengths, or values are NaN or infinite.
 */
export function pointColumns(points: Points, name: string, leastRows: number): readonly Float64Array[] {
  const columns = points instanceof Float64Array ? [points] : points;
  if (
    !Array.isArray(columns) ||
    columns.length === 0 ||
    !columns.every((values) => values instanceof Float64Array)
  )
    throw new TsopsError("MONITOR_INVALID", `${name} is ${shown(points)}, it must be columns of numbers.`, {
      hint: "Give a Float64Array, or a list of them: one a column.",
    });
  const rows = columns[0]!.length;
  columns.forEach((values, i) => {
    if (values.length !== rows)
      throw new TsopsError(
        "MONITOR_INVALID",
        `${name} has ${rows} rows, but ${values.length} in column ${i}.`,
        {
          hint: "Give columns of one length.",
          details: { column: i },
        },
      );
    const wrong = values.reduce((count, value) => count + (Number.isFinite(value) ? 0 : 1), 0);
    if (wrong > 0)
      throw new TsopsError(
        "MONITOR_INVALID",
        `${name} has ${wrong} NaN or infinite values among ${rows} in column ${i}.`,
        { hint: "Leave such rows out.", details: { column: i, count: wrong, rows } },
      );
  });
  if (rows < leastRows)
    throw new TsopsError("MONITOR_INVALID", `${name} has ${rows} rows, ${leastRows} are needed.`, {
      hint: "Give a longer window.",
      details: { rows, needed: leastRows },
    });
  return columns;
}
