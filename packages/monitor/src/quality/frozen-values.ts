import { addDuration, type Column, type Columns, isValid } from "@tsops/core";
import {
  counted,
  findingOf,
  plain,
  type QualityFinding,
  rowCounter,
  shownRows,
  type WriteInstant,
} from "./finding.ts";
import type { NumberRules } from "./rules.ts";
import { chanceRun, countRun, eachRun, frozenFrom, noRuns } from "./runs.ts";
import { isNumeric, numbersOf, type TimedRows } from "./series.ts";

/** Rows of one value after another in one series: places `from` to `to`, the latter not included. */
interface Stretch {
  readonly shown: string;
  readonly from: number;
  readonly to: number;
  readonly series: TimedRows;
}

/** Stretches that last at least so long, whatever the value is. */
export function frozenFor(
  columns: Columns,
  name: string,
  series: readonly TimedRows[],
  { least, zone }: { readonly least: string; readonly zone: string },
  write: WriteInstant,
): QualityFinding | null {
  const frozen: Stretch[] = [];
  eachStretch(columns, name, series, (one, from, to, _, shown) => {
    const first = one.times[from] as bigint;
    const last = one.times[to - 1] as bigint;
    if (to - from > 1 && last >= addDuration(first, least, zone))
      frozen.push({ shown: shown(), from, to, series: one });
  });
  return finding(name, frozen, `at least ${least} are asked for`, write);
}

/**
 * Stretches of one number, not 0, that are far longer than chance makes them: three times what is the longest in so many rows
 * when each repeats the one before it as often as in the short stretches of the column. Columns that repeat more often than not,
 * e.g. flags and prices, are not judged.
 */
export function frozenUnusually(
  columns: Columns,
  name: string,
  series: readonly TimedRows[],
  write: WriteInstant,
): QualityFinding | null {
  if (!isNumeric(columns.data[name] as Column)) return null;
  const counts = noRuns();
  eachStretch(columns, name, series, (_, from, to) => countRun(counts, to - from));
  const chance = chanceRun(counts);
  if (chance === null) return null;
  const least = frozenFrom(chance);
  const frozen: Stretch[] = [];
  eachStretch(columns, name, series, (one, from, to, value, shown) => {
    if (to - from >= least && value !== 0) frozen.push({ shown: shown(), from, to, series: one });
  });
  return finding(name, frozen, `${Math.ceil(chance)} are the most that its other rows lead to expect`, write);
}

/** Stretches that are longer than those of the reference; zeros are held against zeros. */
export function frozenByRules(
  columns: Columns,
  name: string,
  series: readonly TimedRows[],
  { longestRun }: NumberRules,
  write: WriteInstant,
): QualityFinding | null {
  const frozen: Stretch[] = [];
  let limit = 0;
  eachStretch(columns, name, series, (one, from, to, value, shown) => {
    const longest = value === 0 ? longestRun.zero : longestRun.other;
    if (longest === null || to - from <= longest) return;
    limit = Math.max(limit, longest);
    frozen.push({ shown: shown(), from, to, series: one });
  });
  return finding(name, frozen, `${limit} are the most that the reference leads to expect`, write);
}

type TellStretch = (series: TimedRows, from: number, to: number, value: number, shown: () => string) => void;

/** Rows without a value, and NaN, end a stretch; of several rows of one time the last counts. */
function eachStretch(columns: Columns, name: string, all: readonly TimedRows[], tell: TellStretch): void {
  const column = columns.data[name] as Column;
  for (const one of all) {
    const series = lastOfEachTime(one);
    const values = isNumeric(column) ? numbersOf(column, series.rows) : codesOf(column, series.rows);
    eachRun(values, (from, to, value) =>
      tell(series, from, to, value, () => shownValue(column, series.rows[from] as number)),
    );
  }
}

function lastOfEachTime(series: TimedRows): TimedRows {
  const { rows, times } = series;
  let repeated = false;
  for (let i = 1; i < times.length && !repeated; i++) repeated = times[i] === times[i - 1];
  if (!repeated) return series;
  const isLast = (_: unknown, i: number) => i + 1 === times.length || times[i + 1] !== times[i];
  return { ...series, rows: rows.filter(isLast), times: times.filter(isLast) };
}

/** A number for each value: equal values have equal ones. */
function codesOf(column: Column, rows: Int32Array): Float64Array {
  const codes = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const code = column.kind === "utf8" ? column.codes[row] : Number(column.values[row]);
    codes[i] = isValid(column.valid, row) ? (code as number) : Number.NaN;
  }
  return codes;
}

function shownValue(column: Column, row: number): string {
  if (column.kind === "utf8") return column.dictionary[column.codes[row] as number] as string;
  return column.kind === "float64" ? plain(column.values[row] as number) : String(column.values[row]);
}

function finding(
  name: string,
  frozen: readonly Stretch[],
  expected: string,
  write: WriteInstant,
): QualityFinding | null {
  const [first, ...others] = frozen;
  if (first === undefined) return null;
  const rowsOf = ({ from, to }: Stretch) => to - from;
  const longest = others.reduce((most, stretch) => (rowsOf(stretch) > rowsOf(most) ? stretch : most), first);
  const found = rowCounter();
  for (const { series, from, to } of frozen) {
    found.addAt(series, from);
    found.addAt(series, to - 1);
  }
  found.rows.splice(
    0,
    shownRows,
    ...frozen.slice(0, shownRows).map(({ series, from }) => series.rows[from] as number),
  );
  found.count = frozen.reduce((sum, stretch) => sum + rowsOf(stretch), 0);
  const { series, from, to, shown } = longest;
  return findingOf(found, write, {
    check: "frozen",
    column: name,
    severity: "warning",
    reason: "the rows are there but may say nothing; a quiet process can stand still too",
    sentence: `${name} stands still for ${counted(found.count, "row")} in ${counted(frozen.length, "stretch").replace("stretchs", "stretches")}; the longest is ${shown} in ${rowsOf(longest)} rows from ${write(series.times[from] as bigint)} to ${write(series.times[to - 1] as bigint)}${series.name} (${expected}).`,
    cause: "A sensor or a feed that hangs and repeats its last value, or rows that were filled in.",
    hint: "Set these rows to null, so that no model learns them.",
  });
}
