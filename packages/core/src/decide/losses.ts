import { TsopsError } from "../errors.ts";
import { shown } from "../options.ts";
import { parseDuration } from "../time/duration.ts";
import type { ScoredForecasts } from "./scored-forecasts.ts";

/** Loss of one row: `pinball` is the mean over all predicted quantiles. */
export type GateLoss = "absolute" | "squared" | "pinball";

/** Losses of the given rows, in their order. NaN or infinite where the prediction is. */
export function rowLosses(scored: ScoredForecasts, rows: Int32Array, loss: GateLoss): Float64Array {
  if (loss === "pinball") return pinballLosses(scored, rows);
  return Float64Array.from(rows, (row) => {
    const error = (scored.y[row] as number) - (scored.mean[row] as number);
    return loss === "absolute" ? Math.abs(error) : error * error;
  });
}

function pinballLosses({ y, quantiles }: ScoredForecasts, rows: Int32Array): Float64Array {
  if (quantiles.length === 0)
    throw new TsopsError(
      "GATE_INVALID",
      "The pinball loss needs predicted quantiles, and a backtest has none.",
      {
        hint: 'Backtest with levels, or use the "absolute" loss.',
      },
    );
  return Float64Array.from(rows, (row) => {
    let sum = 0;
    for (const { probability, values } of quantiles) {
      const error = (y[row] as number) - (values[row] as number);
      sum += error >= 0 ? probability * error : (probability - 1) * error;
    }
    return sum / quantiles.length;
  });
}

/**
 * What counts as one observation of a comparison: the mean loss of a `fold`, of a predicted instant (`time`), or of all folds within a stretch of
 * time (`"28d"`, `"4w"`), for models that take turns at being the better one for about as long.
 */
export type GateUnit = "fold" | "time" | `${number}${"h" | "d" | "w"}`;

/** @throws TsopsError with this code for anything else */
export function checkUnit(code: "GATE_INVALID" | "COMPARISON_INVALID", unit: GateUnit): void {
  if (unit === "fold" || unit === "time" || stretchMicros(unit) !== null) return;
  throw new TsopsError(
    code,
    `unit is one of fold, time, or a length of time in hours, days or weeks, got ${shown(unit)}.`,
    { hint: 'Give "fold", or "28d" where models take turns for weeks.', details: { option: "unit" } },
  );
}

/** Length of a stretch; null for what is none. */
function stretchMicros(unit: GateUnit): bigint | null {
  if (typeof unit !== "string" || !/^[1-9]\d*[hdw]$/.test(unit)) return null;
  const duration = parseDuration(unit);
  return duration.kind === "fixed" ? duration.micros : null;
}

/** Losses of two models averaged over groups of rows, in order of the groups' instants. */
export interface GroupedLosses {
  readonly candidate: Float64Array;
  readonly reference: Float64Array;
  /** Neighbouring groups that the same unforeseen event can reach: 1 when nothing overlaps. */
  readonly overlap: number;
}

/**
 * Averages losses to one value per fold, per predicted instant or per stretch: what the test takes as one observation.
 * @param unit - `fold`: mean over the series and steps of a cutoff. `time`: mean over the series (and folds) that
 * predict an instant. A duration: mean over the folds of a stretch; as many stretches of equal length as are that long or longer.
 */
export function groupLosses(
  scored: ScoredForecasts,
  rows: Int32Array,
  candidate: Float64Array,
  reference: Float64Array,
  unit: GateUnit,
): GroupedLosses {
  const stretch = stretchMicros(unit);
  const instants =
    unit === "time"
      ? scored.time
      : stretch === null
        ? scored.cutoff
        : stretchStarts(scored.cutoff, rows, stretch);
  const groups = new Map<
    bigint,
    { count: number; candidate: number; reference: number; last: bigint; step: number }
  >();
  rows.forEach((row, i) => {
    const instant = instants[row] as bigint;
    let group = groups.get(instant);
    if (group === undefined) {
      group = { count: 0, candidate: 0, reference: 0, last: instant, step: 0 };
      groups.set(instant, group);
    }
    group.count++;
    group.candidate += candidate[i] as number;
    group.reference += reference[i] as number;
    const time = scored.time[row] as bigint;
    if (time > group.last) group.last = time;
    group.step = Math.max(group.step, scored.step[row] as number);
  });
  const ordered = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    candidate: Float64Array.from(ordered, ([, group]) => group.candidate / group.count),
    reference: Float64Array.from(ordered, ([, group]) => group.reference / group.count),
    overlap:
      unit === "time"
        ? Math.max(...ordered.map(([, group]) => group.step))
        : stretch !== null
          ? 1
          : foldOverlap(ordered.map(([cutoff, group]) => [cutoff, group.last])),
  };
}

/** For each row of a backtest the start of its cutoff's stretch. */
function stretchStarts(cutoffs: BigInt64Array, rows: Int32Array, stretch: bigint): BigInt64Array {
  const known = [...new Set(Array.from(rows, (row) => cutoffs[row] as bigint))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  const first = known[0] as bigint;
  const span = (known.at(-1) as bigint) - first;
  // The last fold counts as long as the others are apart.
  const whole = known.length === 1 ? stretch : span + span / BigInt(known.length - 1);
  const count = whole < stretch ? 1n : whole / stretch;
  return cutoffs.map((cutoff) => first + (((cutoff - first) * count) / whole) * (whole / count));
}

/** The most folds that begin before the last predicted instant of one of them, itself included. */
function foldOverlap(folds: readonly (readonly [cutoff: bigint, last: bigint])[]): number {
  let most = 1;
  let end = 0;
  folds.forEach(([, last], start) => {
    end = Math.max(end, start + 1);
    while (end < folds.length && (folds[end]?.[0] as bigint) < last) end++;
    most = Math.max(most, end - start);
  });
  return most;
}

/** Arithmetic mean; NaN of nothing. */
export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
