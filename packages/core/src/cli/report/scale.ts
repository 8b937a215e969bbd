import type { SeriesKey } from "../../forecast/panel/panel.ts";
import { numbersOf } from "../../forecast/panel/rows.ts";
import { seriesKeyText } from "../../forecast/panel/series-key.ts";
import { usualSeasonLength } from "../../forecast/seasons/season-length.ts";
import { type Columns, isValid } from "../../schema/columns.ts";

/** How far apart the values are whose differences make the scale: the usual season of steps of so many microseconds. */
export function seasonOf(step: bigint): bigint {
  const day = 86_400_000_000n;
  const frequency = step % day === 0n ? `${step / day}d` : `${step / 1_000_000n}s`;
  return step * BigInt(usualSeasonLength(frequency));
}

/** How long a history is read for the scale: four seasons, a thousand steps at least. */
export function historyOf(step: bigint): bigint {
  const [seasons, steps] = [4n * seasonOf(step), 1_000n * step];
  return seasons > steps ? seasons : steps;
}

/**
 * What absolute errors of each series are divided by for MASE: the mean difference of the rows to those one season before. NaN for series without such pairs, and for those that
 * repeat exactly.
 * @param rows - From before the first forecast; of several rows of one series and time the last counts.
 */
export function scaleFrom(
  rows: Columns,
  names: { readonly keys: readonly string[]; readonly time: string; readonly target: string },
  season: bigint,
): (key: SeriesKey) => number {
  const times = rows.data[names.time];
  const target = rows.data[names.target];
  const series = new Map<string, Map<bigint, number>>();
  if (
    times?.kind === "timestamp" &&
    target !== undefined &&
    target.kind !== "utf8" &&
    target.kind !== "timestamp"
  ) {
    const values = numbersOf(target, names.target, rows.length);
    for (let row = 0; row < rows.length; row++) {
      if (!isValid(times.valid, row)) continue;
      const key = seriesKeyText(keyAt(rows, names.keys, row));
      const known = series.get(key);
      const [time, value] = [times.values[row] as bigint, values[row] as number];
      if (known === undefined) series.set(key, new Map([[time, value]]));
      else known.set(time, value);
    }
  }
  const scales = new Map([...series].map(([key, known]) => [key, meanDifference(known, season)]));
  return (key) => scales.get(seriesKeyText(key)) || Number.NaN;
}

function meanDifference(values: ReadonlyMap<bigint, number>, season: bigint): number {
  let sum = 0;
  let count = 0;
  for (const [time, value] of values) {
    const difference = Math.abs(value - (values.get(time - season) ?? Number.NaN));
    if (!Number.isFinite(difference)) continue;
    sum += difference;
    count++;
  }
  return sum / count;
}

function keyAt(rows: Columns, keys: readonly string[], row: number): SeriesKey {
  return Object.fromEntries(
    keys.map((name) => {
      const column = rows.data[name];
      if (column === undefined || column.kind === "float64") return [name, ""];
      if (column.kind === "utf8") return [name, column.dictionary[column.codes[row] as number] ?? ""];
      return [name, column.kind === "bool" ? column.values[row] === 1 : (column.values[row] as bigint)];
    }),
  );
}
