import { quantile, sortedSample } from "./tails.ts";
import { after, type UnitChange, unitChanges } from "./units.ts";

/** A place from which on the values are in another unit. */
export interface LevelJump {
  readonly from: number;
  readonly change: UnitChange;
  /** Medians. */
  readonly before: number;
  readonly after: number;
}

/** Rows on either side of a jump. */
const leastSide = 24;
/** Blocks whose levels are compared with the jump. */
const blocks = 40;
/** How many times as great as the greatest other change of level a jump has to be. */
const factor = 2.5;
/** Blocks that have to say so, for a jump by less than this. */
const [blocksOfSmall, small] = [12, Math.log(9)];
/** Difference of quartiles that a change of unit leaves, as a share of them. */
const tolerance = 0.12;

/**
 * The one place at which the level of a series jumps by the factor between two units, if it jumps nowhere else by nearly as much. O(n).
 * @param values - By time; NaN for none.
 */
export function levelJump(values: Float64Array): LevelJump | null {
  if (values.length < 2 * leastSide) return null;
  const logs = values.map((value) => (value === 0 ? Number.NaN : Math.log(Math.abs(value))));
  const split = bestSplit(logs);
  if (split === null) return null;
  const jump = Math.abs(split.jump);
  const others = otherChanges(logs, split.from);
  if (jump < Math.log(1.5) || jump < factor * others.most) return null;
  if (others.compared < (jump < small ? blocksOfSmall : 2)) return null;
  const [one, two] = [values.subarray(0, split.from), values.subarray(split.from)].map((side) =>
    sortedSample([side], 5000),
  ) as [Float64Array, Float64Array];
  const change = changeBetween(one, two);
  return change === null
    ? null
    : { from: split.from, change, before: quantile(one, 0.5), after: quantile(two, 0.5) };
}

/** Where the means before and after differ most, weighted by the rows on both sides. */
function bestSplit(logs: Float64Array): { readonly from: number; readonly jump: number } | null {
  let [total, count] = [0, 0];
  for (const value of logs)
    if (!Number.isNaN(value)) {
      total += value;
      count++;
    }
  let best = { from: 0, jump: 0, score: 0 };
  let [sum, seen] = [0, 0];
  for (let i = 0; i < logs.length; i++) {
    const value = logs[i] as number;
    if (Number.isNaN(value)) continue;
    if (seen >= leastSide && count - seen >= leastSide) {
      const jump = (total - sum) / (count - seen) - sum / seen;
      const score = jump * jump * seen * (count - seen);
      if (score > best.score) best = { from: i, jump, score };
    }
    sum += value;
    seen++;
  }
  return best.score === 0 ? null : best;
}

/** The greatest change of the median from one block to the next, on either side of a place. */
function otherChanges(
  logs: Float64Array,
  place: number,
): { readonly most: number; readonly compared: number } {
  const length = Math.max(leastSide, Math.ceil(logs.length / blocks));
  let [most, compared] = [0, 0];
  for (const side of [logs.subarray(0, place), logs.subarray(place)]) {
    let last = Number.NaN;
    for (let from = 0; from < side.length; from += length) {
      const sorted = sortedSample([side.subarray(from, Math.min(from + length, side.length))], 300);
      if (sorted.length < leastSide / 2) continue;
      const median = quantile(sorted, 0.5);
      if (!Number.isNaN(last)) {
        most = Math.max(most, Math.abs(median - last));
        compared++;
      }
      last = median;
    }
  }
  return { most, compared };
}

/** The change of unit that makes the quartiles of one side those of the other; the one that fits best. */
function changeBetween(one: Float64Array, two: Float64Array): UnitChange | null {
  let best: { change: UnitChange; misfit: number } | null = null;
  const shares = [0.25, 0.5, 0.75];
  for (const change of unitChanges) {
    const misfit = Math.max(
      ...shares.map((share) => {
        const there = quantile(two, share);
        return Math.abs(after(change, quantile(one, share)) - there) / Math.max(Math.abs(there), 1e-12);
      }),
    );
    if (misfit < tolerance && (best === null || misfit < best.misfit)) best = { change, misfit };
  }
  return best?.change ?? null;
}
