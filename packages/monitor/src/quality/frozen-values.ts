import { addDuration, type Column, type Columns, isValid } from "@tsops/core";
import type { QualityFinding } from "./finding.ts";
import type { TimedRows, WriteInstant } from "./series-checks.ts";

/** Rows of one value after another in one series. */
interface Stretch {
  readonly value: number | bigint | string;
  readonly firstRow: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly rows: number;
  readonly series: string;
}

/** Shorter stretches are never looked at: a calm night is no broken sensor. */
const leastRows = 12;
/** How many times the longest stretch that chance gives a frozen one is. */
const factor = 3;

/** Stretches that last at least so long, whatever the value is. */
export function frozenFor(
  columns: Columns,
  name: string,
  series: readonly TimedRows[],
  { least, zone }: { readonly least: string; readonly zone: string },
  write: WriteInstant,
): QualityFinding | null {
  const frozen = stretchesOf(columns, name, series).filter(
    ({ from, to, rows }) => rows > 1 && to >= addDuration(from, least, zone),
  );
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
  const { kind } = columns.data[name] as Column;
  if (kind !== "float64" && kind !== "int64") return null;
  const stretches = stretchesOf(columns, name, series);
  const short = stretches.filter(({ rows }) => rows < leastRows);
  const total = stretches.reduce((sum, { rows }) => sum + rows, 0);
  const moving = short.reduce((sum, { rows }) => sum + rows, 0);
  const repeats = moving === 0 ? 1 : (moving - short.length) / moving;
  if (2 * moving < total || repeats > 0.5) return null;
  // Of n draws that each repeat with probability p, the longest stretch has about log(n) / log(1 / p) rows.
  const chance = Math.log(total) / Math.log(1 / Math.max(repeats, 1e-3));
  const least = Math.max(leastRows, Math.ceil(factor * chance));
  const frozen = stretches.filter(({ rows, value }) => rows >= least && Number(value) !== 0);
  return finding(name, frozen, `${Math.ceil(chance)} are the most that its other rows lead to expect`, write);
}

/** Rows without a value, and NaN, end a stretch; of several rows of one time the last counts. */
function stretchesOf(columns: Columns, name: string, series: readonly TimedRows[]): Stretch[] {
  const column = columns.data[name] as Column;
  const found: Stretch[] = [];
  for (const { name: seriesName, rows, times } of series) {
    let current = null as Stretch | null;
    for (let i = 0; i < rows.length; i++) {
      const time = times[i] as bigint;
      if (i + 1 < rows.length && times[i + 1] === time) continue;
      const row = rows[i] as number;
      const value = isValid(column.valid, row) ? readValue(column, row) : null;
      if (current !== null && value === current.value) {
        current = { ...current, to: time, rows: current.rows + 1 };
        continue;
      }
      if (current !== null) found.push(current);
      current =
        value === null || Number.isNaN(value)
          ? null
          : { value, firstRow: row, from: time, to: time, rows: 1, series: seriesName };
    }
    if (current !== null) found.push(current);
  }
  return found;
}

function readValue(column: Column, row: number): Stretch["value"] {
  return column.kind === "utf8"
    ? (column.dictionary[column.codes[row] as number] as string)
    : (column.values[row] as number | bigint);
}

function finding(
  name: string,
  frozen: readonly Stretch[],
  expected: string,
  write: WriteInstant,
): QualityFinding | null {
  const [first, ...others] = frozen;
  if (first === undefined) return null;
  const longest = others.reduce((most, stretch) => (stretch.rows > most.rows ? stretch : most), first);
  const rows = frozen.reduce((sum, stretch) => sum + stretch.rows, 0);
  return {
    check: "frozen",
    column: name,
    severity: "warning",
    count: rows,
    rows: frozen.slice(0, 5).map(({ firstRow }) => firstRow),
    sentence: `${name} stands still for ${rows} rows in ${frozen.length} stretches; the longest is ${longest.value} in ${longest.rows} rows from ${write(longest.from)} to ${write(longest.to)}${longest.series} (${expected}).`,
  };
}
