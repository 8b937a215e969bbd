import type { Frequency } from "@tsops/core";
import { counted, findingOf, type QualityFinding, rowCounter, type WriteInstant } from "./finding.ts";
import type { TimedRows } from "./series.ts";

/** Distances in a row that are no chance. */
const leastRun = 10;

/** Stretches in which rows come more or less often than every step, each as far from the next. */
export function otherFrequency(
  series: readonly TimedRows[],
  column: string,
  grid: Frequency,
  write: WriteInstant,
): QualityFinding | null {
  const found = rowCounter();
  let longest = { rows: 0, distance: "" };
  for (const { rows, times, key } of series)
    eachStretch(times, grid, (from, to, distance) => {
      if (to - from < leastRun) return;
      for (let i = from + 1; i <= to; i++) found.add(rows[i] as number, times[i] as bigint, key);
      if (to - from > longest.rows) longest = { rows: to - from, distance };
    });
  if (found.count === 0) return null;
  const total = series.reduce((sum, { rows }) => sum + rows.length, 0);
  const isMost = 2 * found.count > total;
  return findingOf(found, write, {
    check: "frequency",
    column,
    severity: isMost ? "error" : "warning",
    reason: isMost
      ? "lags, seasons and windows in steps mean other times"
      : "a part of the rows only, but lags and windows mean other times there",
    sentence: `${counted(found.count, "row")} of ${total} ${found.count === 1 ? "comes" : "come"} ${longest.distance}, where one a step of ${grid.text} is expected.`,
    cause: "The source was set to another interval, or rows were aggregated or not.",
    hint: "Bring the rows to the step, or say the new frequency and learn the rules again.",
  });
}

/** Stretches of equal distances that are no single step: rows `from` to `to`, both included. */
function eachStretch(
  times: BigInt64Array,
  grid: Frequency,
  tell: (from: number, to: number, distance: string) => void,
): void {
  const cells = grid.indexesOf(times);
  const step = grid.kind === "fixed" ? Number(grid.step) : 0;
  let [from, current, words] = [0, 1, ""];
  for (let i = 1; i <= times.length; i++) {
    const steps = i === times.length ? 1 : (cells[i] as number) - (cells[i - 1] as number);
    const apart = i === times.length ? 0 : Number((times[i] as bigint) - (times[i - 1] as bigint));
    // Rows of one time are duplicates; rows of one step count by how far they are apart.
    const distance =
      steps === 1 && (step === 0 || apart >= step) ? 1 : steps > 1 ? steps : apart === 0 ? 1 : -apart;
    if (distance === current) continue;
    if (current !== 1) tell(from, i - 1, words);
    [from, current] = [i - 1, distance];
    words =
      distance > 1 ? `every ${distance} steps` : `${Number((-distance / 6e7).toPrecision(4))} minutes apart`;
  }
}
