import { normalQuantile } from "@tsops/core";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { levelsOf } from "../performance/metrics.ts";

/** How often something came true that was said to come true with a probability. */
export interface CalibrationPoint {
  /** As it was promised, 0 to 1. */
  readonly nominal: number;
  /** Share of the outcomes, 0 to 1; NaN without any. */
  readonly observed: number;
  /** Range that holds the true share with 95 % confidence, allowing for outcomes that go together. */
  readonly lower: number;
  readonly upper: number;
  /** Outcomes that were judged. */
  readonly rows: number;
  /** How many independent outcomes would say as much. */
  readonly effectiveRows: number;
  /** Below, within or above what was promised, as far as the range tells; null without outcomes. */
  readonly verdict: "below" | "as promised" | "above" | null;
}

/** Whether the champion's intervals and quantiles keep their promise. */
export interface Calibration {
  /** Central intervals by ascending level: share of outcomes inside. */
  readonly intervals: readonly CalibrationPoint[];
  /** By ascending probability: share of outcomes at or below the quantile. */
  readonly quantiles: readonly CalibrationPoint[];
}

/** Coverage of each level, and the share of outcomes below each quantile, of what the champion served. */
export function calibrationOf(served: JoinedOutcomes): Calibration {
  const rows = championRows(served);
  const { y } = served;
  return {
    intervals: levelsOf(served.quantiles).map(({ level, lower, upper }) =>
      judged(served, rows, level / 100, (row) => {
        const [low, high] = [lower[row] as number, upper[row] as number];
        if (Number.isNaN(low) || Number.isNaN(high)) return null;
        return (y[row] as number) >= low && (y[row] as number) <= high;
      }),
    ),
    quantiles: served.quantiles.map(({ probability, values }) =>
      judged(served, rows, probability, (row) =>
        Number.isNaN(values[row] as number) ? null : (y[row] as number) <= (values[row] as number),
      ),
    ),
  };
}

function championRows({ length, sources, sourceIndex, y }: JoinedOutcomes): number[] {
  const rows: number[] = [];
  for (let row = 0; row < length; row++)
    if (sources[sourceIndex[row] as number]?.role === "champion" && !Number.isNaN(y[row] as number))
      rows.push(row);
  return rows;
}

function judged(
  { cutoff, time }: JoinedOutcomes,
  rows: readonly number[],
  nominal: number,
  holds: (row: number) => boolean | null,
): CalibrationPoint {
  const clusters = new Map<bigint, { count: number; hits: number; last: bigint }>();
  let [count, hits] = [0, 0];
  for (const row of rows) {
    const hit = holds(row);
    if (hit === null) continue;
    const at = cutoff[row] as bigint;
    const cluster = clusters.get(at) ?? { count: 0, hits: 0, last: at };
    cluster.count++;
    count++;
    if (hit) {
      cluster.hits++;
      hits++;
    }
    if ((time[row] as bigint) > cluster.last) cluster.last = time[row] as bigint;
    clusters.set(at, cluster);
  }
  if (count === 0)
    return {
      nominal,
      observed: Number.NaN,
      lower: Number.NaN,
      upper: Number.NaN,
      rows: 0,
      effectiveRows: 0,
      verdict: null,
    };
  const observed = hits / count;
  const ordered = [...clusters].sort(([a], [b]) => (a < b ? -1 : 1));
  const { effectiveRows, z } = effective(ordered, observed, count);
  const { lower, upper } = wilson(observed, effectiveRows, z);
  const verdict = upper < nominal ? "below" : lower > nominal ? "above" : "as promised";
  return { nominal, observed, lower, upper, rows: count, effectiveRows, verdict };
}

/** Fewer forecasts cannot say how much they have in common: each then counts as one outcome. */
const fewestClusters = 8;
/** Polynomial of Kiefer and Vogelsang (2005, Econometric Theory 21, table 1): Bartlett kernel, two-sided 95 %, by truncation over length. */
const fixedB = [2.9694, 0.416, -0.5324] as const;

/**
 * Outcomes of one forecast, of several series at one time, and of forecasts after each other go together. They are put together by cutoff; the long-run variance
 * of these sums (Bartlett kernel, truncated after 1.3 times the root of their number as Lazarus, Lewis, Stock and Watson 2018 advise, or where forecasts stop to
 * overlap, whichever is later) says how many independent outcomes they are worth.
 */
function effective(
  clusters: readonly (readonly [
    bigint,
    { readonly count: number; readonly hits: number; readonly last: bigint },
  ])[],
  observed: number,
  count: number,
): { readonly effectiveRows: number; readonly z: number } {
  const length = clusters.length;
  const normal = normalQuantile(0.975);
  const truncation = Math.min(
    Math.max(Math.ceil(1.3 * Math.sqrt(length)), overlapOf(clusters) + 1),
    length / 2,
  );
  const b = truncation / length;
  const z = normal + fixedB[0] * b + fixedB[1] * b ** 2 + fixedB[2] * b ** 3;
  const spread = observed * (1 - observed);
  if (length < fewestClusters || spread === 0) return { effectiveRows: Math.min(length, count), z: normal };
  const errors = clusters.map(([, { hits, count: of }]) => hits - of * observed);
  let variance = 0;
  for (let lag = 0; lag < truncation; lag++) {
    let product = 0;
    for (let i = lag; i < length; i++) product += (errors[i] as number) * (errors[i - lag] as number);
    variance += (lag === 0 ? 1 : 2 * (1 - lag / truncation)) * product;
  }
  // Never more than there are: a lucky alternation of hits and misses is no knowledge.
  const worth = variance > 0 ? (spread * count ** 2) / variance : count;
  return { effectiveRows: Math.max(1, Math.min(count, worth)), z };
}

/** How many later forecasts begin before one ends, at most. */
function overlapOf(clusters: readonly (readonly [bigint, { readonly last: bigint }])[]): number {
  let [most, ahead] = [0, 0];
  clusters.forEach(([, { last }], i) => {
    ahead = Math.max(ahead, i);
    while (ahead + 1 < clusters.length && (clusters[ahead + 1]?.[0] as bigint) < last) ahead++;
    most = Math.max(most, ahead - i);
  });
  return most;
}

/** Wilson's interval of a share. */
function wilson(share: number, rows: number, z: number): { readonly lower: number; readonly upper: number } {
  const square = z ** 2 / rows;
  const centre = (share + square / 2) / (1 + square);
  const reach = (z / (1 + square)) * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows));
  return {
    lower: share === 0 ? 0 : Math.max(0, centre - reach),
    upper: share === 1 ? 1 : Math.min(1, centre + reach),
  };
}
