import { calibrationOf } from "../conformal/calibration.ts";
import { fittedConformal } from "../conformal/fitted.ts";
import { resolveConformalOptions } from "../conformal/options.ts";
import { pendingOf } from "../conformal/pending.ts";
import { fittedEnsemble } from "../ensemble/fitted.ts";
import { resolveEnsembleOptions } from "../ensemble/options.ts";
import type { FittedForecaster } from "../forecaster.ts";
import type { Panel } from "../panel.ts";
import type { AutoChoice } from "./choice.ts";
import { type FittedAuto, fittedAuto } from "./fitted.ts";
import { scalesOf } from "./judge.ts";

/** What the combination forecast for held-out rows, and what came. */
export interface HeldOutErrors {
  readonly horizon: number;
  /** The judged series, as indexes into the panel's. */
  readonly chosen: readonly number[];
  readonly seasonLength: number;
  /** By fold; judged series one after the other. */
  readonly means: readonly Float64Array[];
  readonly outcomes: readonly Float64Array[];
  /** Steps on each side whose errors are pooled with a step's own. Default 2. */
  readonly neighbours?: number;
}

/** Combines fitted members, with intervals from held-out errors. */
export function withIntervals<Known extends string>(
  panel: Panel<Known>,
  choice: AutoChoice,
  members: readonly FittedForecaster<Known>[],
  heldOut: HeldOutErrors,
): FittedAuto<Known> {
  const count = panel.series.length;
  const isMedian = choice.combine === "median";
  const current =
    members.length === 1
      ? (members[0] as FittedForecaster<Known>)
      : fittedEnsemble<Known>({
          options: resolveEnsembleOptions({ combine: isMedian ? "median" : "mean" }),
          members,
          weights: isMedian ? null : new Float64Array(count * members.length).fill(1 / members.length),
        });
  const options = resolveConformalOptions({
    by: "scaled",
    folds: heldOut.means.length,
    window: Math.max(20, 2 * heldOut.means.length),
    neighbours: heldOut.neighbours ?? 2,
    ...(choice.lowest === null ? {} : { lowest: choice.lowest }),
  });
  const { means, outcomes } = forAllSeries(panel, heldOut);
  return fittedAuto(
    choice,
    fittedConformal<Known>({
      options,
      calibration: calibrationOf(means, outcomes, options, count),
      anchor: current,
      current,
      pending: pendingOf(panel, current.spec, 0),
    }),
  );
}

/**
 * Held-out forecasts and outcomes of all series. Those that were not judged get errors like the others' at each step, in units of their own seasonal
 * differences; above and below in turn.
 */
function forAllSeries(
  panel: Panel,
  { horizon, chosen, seasonLength, means, outcomes }: HeldOutErrors,
): { means: readonly Float64Array[]; outcomes: readonly Float64Array[] } {
  const count = panel.series.length;
  const isKnown = (place: number): boolean =>
    outcomes.some((fold) =>
      fold.subarray(place * horizon, (place + 1) * horizon).some((y) => !Number.isNaN(y)),
    );
  const placeOf = new Map(chosen.flatMap((s, place) => (isKnown(place) ? [[s, place] as const] : [])));
  if (placeOf.size === count) return { means, outcomes };
  const scales = ownScales(panel, seasonLength);
  const spread = (values: Float64Array, other: (s: number, h: number) => number): Float64Array =>
    Float64Array.from({ length: count * horizon }, (_, row) => {
      const [s, h] = [Math.floor(row / horizon), row % horizon];
      const place = placeOf.get(s);
      return place === undefined ? other(s, h) : (values[place * horizon + h] as number);
    });
  const typical = means.map((mean, fold) =>
    Float64Array.from({ length: horizon }, (_, h) =>
      middleOf(
        chosen.map((s, place) => {
          const row = place * horizon + h;
          return Math.abs((outcomes[fold]?.[row] as number) - (mean[row] as number)) / (scales[s] as number);
        }),
      ),
    ),
  );
  return {
    means: means.map((mean) => spread(mean, () => 0)),
    outcomes: outcomes.map((outcome, fold) =>
      spread(
        outcome,
        (s, h) => (fold % 2 === 0 ? 1 : -1) * (typical[fold]?.[h] as number) * (scales[s] as number),
      ),
    ),
  };
}

/** Seasonal differences, or changes from row to row where there is no season yet; those of a typical series where there is nothing. */
export function ownScales(panel: Panel, seasonLength: number): Float64Array {
  const seasonal = scalesOf(panel, seasonLength);
  const plain = scalesOf(panel, 1);
  const own = seasonal.map((scale, s) => (scale > 0 ? scale : (plain[s] as number)));
  const typical = middleOf([...own]);
  return own.map((scale) => (scale > 0 ? scale : typical > 0 ? typical : 1));
}

/** The median of the finite values; 0 of none. */
function middleOf(values: readonly number[]): number {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b);
  return known[known.length >> 1] ?? 0;
}
