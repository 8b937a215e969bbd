import type { LocalFit, LocalModel } from "./local-model.ts";
import { absorbed, type StepsAhead, stepsAhead } from "./steps-ahead.ts";

/** Where a series stands, that may end with missing rows. */
export interface Current {
  readonly now: LocalFit;
  /** Before the missing rows at the end, and how many these are: their errors are as unknown as those of the rows to come. */
  readonly known: LocalFit;
  readonly open: number;
}

/** After more missing rows intervals are no wider: a series that has ceased must not take ever longer. */
const mostOpen = 200;

/** Missing rows at the end of a series, as far as they are counted. */
export function missingAtEnd(targets: Float64Array): number {
  let open = 0;
  while (
    open < Math.min(mostOpen, targets.length) &&
    Number.isNaN(targets[targets.length - 1 - open] as number)
  )
    open++;
  return open;
}

/** The first of the last rows of a series that are kept: with missing ones at the end, so far that their errors can be told. */
export function firstKept(model: LocalModel, targets: Float64Array, keptRows: number): number {
  const open = model.quantiles === undefined ? 0 : missingAtEnd(targets);
  return Math.max(0, targets.length - Math.max(keptRows, open));
}

/** A fit moved on over the rows of its series. */
export function currentOf(model: LocalModel, before: LocalFit, targets: Float64Array): Current {
  const open = missingAtEnd(targets);
  const known = absorbed(model, before, targets.subarray(0, targets.length - open));
  const now = open === 0 ? known : absorbed(model, known, targets.subarray(targets.length - open));
  return { now, known, open };
}

/** Forecasts go on over missing rows, and so do their errors: the intervals after them are those of a longer horizon. */
export function stepsAfterGap(
  model: LocalModel,
  { now, known, open }: Current,
  horizon: number,
  probabilities: readonly number[],
): StepsAhead {
  if (open === 0 || probabilities.length === 0) return stepsAhead(model, now, horizon, probabilities);
  const { mean } = stepsAhead(model, now, horizon, []);
  const { bounds } = stepsAhead(model, known, open + horizon, probabilities);
  return { mean, bounds: bounds.map((values) => values.subarray(open)) };
}
