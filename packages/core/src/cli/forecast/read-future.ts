import { closest } from "../../did-you-mean.ts";
import { TsopsError } from "../../errors.ts";
import { lastTimesOf } from "../../forecast/absorb.ts";
import { futureTimes } from "../../forecast/future.ts";
import type { Panel } from "../../forecast/panel/panel.ts";
import { columnOfKind, groupByKey, listSome, seriesName } from "../../forecast/panel/rows.ts";
import { seriesKeyText } from "../../forecast/panel/series-key.ts";
import { type Columns, isValid } from "../../schema/columns.ts";
import { takeColumns } from "../../schema/reshape.ts";
import { placeIn } from "../table-file/places.ts";
import type { FileColumn, TableFile } from "../table-file/table-files.ts";
import type { ChosenColumns } from "./choose-columns.ts";
import type { History } from "./read-history.ts";

/**
 * Columns that a file of future rows shares with the history, besides time, keys and target: those that are known for the future.
 * @param roles - Names that were given a role on the command line.
 */
export function knownColumns(
  history: TableFile,
  future: TableFile,
  roles: readonly string[],
): readonly FileColumn[] {
  const hasValues = (column: FileColumn) => column.kind !== "other" && column.kind !== "empty";
  return history.columns.filter(
    (column) =>
      hasValues(column) &&
      column.kind !== "instant" &&
      column.kind !== "localTime" &&
      !roles.includes(column.name) &&
      // A file of future rows often has the column of the target as well, with nothing in it.
      future.columns.some((other) => other.name === column.name && hasValues(other)),
  );
}

/**
 * Columns of the history that the file of future rows has without any value.
 * @param names - Those that could be meant.
 */
export function emptyColumns(future: TableFile, names: readonly string[]): readonly string[] {
  return names.filter((name) =>
    future.columns.some((other) => other.name === name && other.kind === "empty"),
  );
}

/**
 * A file of future rows that says nothing of the future.
 * @param empty - Columns that it has without any value.
 */
export function nothingKnown(
  historyPath: string,
  history: TableFile,
  futurePath: string,
  future: TableFile,
  empty: readonly string[],
): TsopsError {
  const names = (file: TableFile) => file.columns.map(({ name }) => name).join(", ");
  return new TsopsError(
    "CONFIG_INVALID",
    `${futurePath} shares no column with ${historyPath} that could be known for the future.`,
    {
      hint:
        empty.length > 0
          ? `Of ${listSome(empty)} it has no value: ${writeNone}`
          : `Give columns that are in both. The history has ${names(history)}; the future has ${names(future) || "none"}.`,
    },
  );
}

const writeNone =
  'where there is nothing, as on days without a holiday, write a word for that, e.g. "none", in both files.';

/**
 * Looks whether a file of future rows says of each which series and time it is for.
 * @throws TsopsError CONFIG_INVALID with the columns that are not there
 */
export function checkFutureRows(
  path: string,
  file: TableFile,
  { time, keys }: ChosenColumns,
  known: readonly FileColumn[],
): void {
  const names = file.columns.map(({ name }) => name);
  const needed = [...keys, time].map(({ name }) => name);
  const missing = needed.filter((name) => !names.includes(name));
  const [first] = missing;
  if (first === undefined) return;
  const near = closest(first, names);
  throw new TsopsError(
    "CONFIG_INVALID",
    `${path} has no column ${missing.map((name) => `"${name}", the ${name === time.name ? "time" : "key"} of the history`).join(", and no column ")}.`,
    {
      hint: `${near === null ? "" : `Did you mean "${near}"? `}Each row of it is for one ${keys.length > 0 ? "series and " : ""}step: give it ${listSome([...needed, ...known.map(({ name }) => name)])}. It has ${names.join(", ")}.`,
      details: { missing, columns: names },
    },
  );
}

/**
 * The future rows of the series of a panel, in any order.
 * @throws TsopsError FUTURE_VALUES_MISSING: a series and step without a row or value, listed
 */
export async function readFuture(
  path: string,
  file: TableFile,
  history: History,
  panel: Panel,
  chosen: ChosenColumns,
  horizon: number,
  signal: AbortSignal,
): Promise<{ readonly rows: Columns; readonly unknownSeries: readonly string[] }> {
  const keys = chosen.keys.map(({ name }) => name);
  const names = [...keys, chosen.time.name, ...panel.known.map(({ name }) => name)];
  const all = await history.rowsOf(file, names, signal);
  const { series, seriesOf } = groupByKey(all, keys);
  const wanted = new Map(panel.series.map((key, s) => [seriesKeyText(key), s]));
  const index = series.map((key) => wanted.get(seriesKeyText(key)) ?? -1);
  const unknownSeries = series.filter((_, i) => index[i] === -1).map(seriesName);
  const kept = Int32Array.from(
    Array.from(seriesOf, (s, row) => ((index[s] as number) >= 0 ? row : -1)).filter((row) => row >= 0),
  );
  const rows = takeColumns(all, kept);
  refuseMissing(path, placeIn(file), rows, kept, seriesOf, index, history, panel, chosen, horizon);
  return { rows, unknownSeries };
}

function refuseMissing(
  path: string,
  place: (row: number) => string,
  rows: Columns,
  kept: Int32Array,
  seriesOf: Int32Array,
  index: readonly number[],
  history: History,
  panel: Panel,
  chosen: ChosenColumns,
  horizon: number,
): void {
  const times = columnOfKind(rows, chosen.time.name, ["timestamp"], "time");
  const found = new Map<string, number>();
  const placeOf = (row: number) => place(kept[row] as number);
  const twice: string[] = [];
  for (let row = 0; row < rows.length; row++) {
    const isWhole = panel.known.every(({ name }) => {
      const column = rows.data[name];
      return (
        column !== undefined &&
        isValid(column.valid, row) &&
        (column.kind !== "float64" || Number.isFinite(column.values[row]))
      );
    });
    const s = index[seriesOf[kept[row] as number] as number] as number;
    const [time, at] = [times.values[row] as bigint, `${s} ${times.values[row]}`];
    const before = found.get(at);
    if (before !== undefined)
      twice.push(
        `${seriesName(panel.series[s] ?? {})} at ${history.textOf(time)} in ${placeOf(before)} and ${placeOf(row)}`,
      );
    if (isWhole) found.set(at, row);
  }
  if (twice.length > 0)
    throw new TsopsError("PANEL_INVALID", `${path} has a time of a series twice: ${listSome(twice, 3)}.`, {
      hint: "Give one row for each series and time.",
      details: { count: twice.length, first: twice.slice(0, 20) },
    });
  const needed = futureTimes(panel.spec, lastTimesOf(panel), horizon);
  const missing: { series: string; time: string }[] = [];
  needed.forEach((time, i) => {
    const s = Math.floor(i / horizon);
    if (!found.has(`${s} ${time}`))
      missing.push({ series: seriesName(panel.series[s] ?? {}), time: history.textOf(time) });
  });
  if (missing.length === 0) return;
  const emptyText = panel.known.flatMap(({ name }) => {
    const column = rows.data[name];
    return column?.kind === "utf8" && times.values.some((_, row) => !isValid(column.valid, row))
      ? [name]
      : [];
  });
  throw new TsopsError(
    "FUTURE_VALUES_MISSING",
    `${path} lacks ${missing.length} of the ${needed.length} rows that a forecast of ${horizon} steps needs, or a value in them: ${listSome(
      missing.map(({ series, time }) => `${series} at ${time}`),
      3,
    )}.`,
    {
      hint: `Give a row with ${listSome(panel.known.map(({ name }) => name))} for each series and step, or a shorter --horizon${emptyText.length === 0 ? "." : `; ${listSome(emptyText)}: ${writeNone}`}`,
      details: { count: missing.length, rows: missing.slice(0, 20) },
    },
  );
}
