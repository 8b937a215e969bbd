import { throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import { requireRows, rowCounts } from "./check.ts";
import { meansInOrder } from "./conformal/fitted.ts";
import { pendingOf, takeBlock } from "./conformal/pending.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "./forecaster.ts";
import { refuseMeans } from "./not-finite.ts";
import type { Panel, SeriesKey } from "./panel/panel.ts";
import { selectRows } from "./panel/panel-slices.ts";

/** What the members would have forecast at the end of the history. */
export interface HeldOut {
  /** Per fold, the oldest first: outcomes, series by series; NaN where missing, where a known-future value that a member takes had to be made up, or where a series has fewer folds. */
  readonly outcomes: readonly Float64Array[];
  /** Per member and fold: forecasts in the same order; NaN where a series has fewer folds. */
  readonly means: readonly (readonly Float64Array[])[];
}

/** Which rows are held out, and what for. */
export interface HeldOutOptions {
  /** Horizons at the end of each series, one or more; or of each as many as is said for it. */
  readonly folds: number | Int32Array;
  /** What the target can be: forecasts are moved into it. Default: anything. */
  readonly range?: { readonly lowest: number | null; readonly highest: number | null };
  /** What the rows are held out for, as the beginning of an error's sentence; e.g. `"A calibration"`. */
  readonly purpose: string;
  readonly hint: string;
}

/**
 * Fits the members without the last `folds` horizons of each series and forecasts these one after the other, absorbing each afterwards without
 * fitting again. The last horizons of all series are one fold, those before them another.
 * @throws TsopsError SERIES_TOO_SHORT, FIT_FAILED (series listed whose forecasts are not finite), ABORTED and what the members throw.
 */
export async function forecastHeldOut<Known extends string>(
  members: readonly Forecaster[],
  panel: Panel<Known>,
  fitOptions: FitOptions,
  options: HeldOutOptions,
): Promise<HeldOut> {
  const { horizon, signal } = fitOptions;
  const { folds, range = { lowest: null, highest: null } } = options;
  const foldsOf = typeof folds === "number" ? new Int32Array(panel.series.length).fill(folds) : folds;
  const most = foldsOf.reduce((all, own) => Math.max(all, own), 0);
  const counts = rowCounts(panel);
  const heldRows = (s: number): number => (foldsOf[s] as number) * horizon;
  requireRows(
    panel,
    counts.map((rows, s) => rows + most * horizon - heldRows(s)),
    most * horizon + 1,
    purposeOf(options, horizon, most),
  );
  const before = selectRows(panel, (s) => [0, (counts[s] as number) - heldRows(s)]);
  const means: Float64Array[][] = [];
  const outcomes: Float64Array[] = [];
  for (const member of members) {
    let fitted: FittedForecaster = await fitShortened(member, before, fitOptions, options, most);
    let pending = pendingOf(panel, fitted.spec, heldRows);
    const own: Float64Array[] = [];
    for (let fold = 0; fold < most; fold++) {
      throwIfAborted(signal);
      const due = panel.series.flatMap((_, s) => ((foldsOf[s] as number) >= most - fold ? [s] : []));
      const asked = due.map((s) => panel.series[s] as SeriesKey);
      const block = takeBlock(pending, horizon, due);
      const keys = due.length === panel.series.length ? {} : { keys: asked };
      const forecast = fitted.predict({ horizon, future: block.future, ...keys });
      const mean = meansInOrder(forecast, asked, horizon, range);
      refuseMeans(
        `${options.purpose}: ${member.kind}`,
        asked,
        mean,
        'Leave this forecaster out, or these series: fit with { failures: "collect" }.',
      );
      own.push(spread(mean, due, panel.series.length, horizon));
      outcomes[fold] = knownToBoth(outcomes[fold], block.outcomes);
      if (fold + 1 < most) fitted = fitted.update(block.rows);
      pending = block.rest;
    }
    means.push(own);
  }
  return { outcomes, means };
}

/** Horizons of some series among those of all; NaN for the others. */
function spread(
  values: Float64Array,
  chosen: readonly number[],
  count: number,
  horizon: number,
): Float64Array {
  if (chosen.length === count) return values;
  const all = new Float64Array(count * horizon).fill(Number.NaN);
  chosen.forEach((s, place) => {
    all.set(values.subarray(place * horizon, (place + 1) * horizon), s * horizon);
  });
  return all;
}

/** The outcomes that count for one member and the others. */
function knownToBoth(others: Float64Array | undefined, own: Float64Array): Float64Array {
  return others === undefined ? own : others.map((y, row) => (Number.isNaN(own[row]) ? Number.NaN : y));
}

function purposeOf({ purpose }: HeldOutOptions, horizon: number, folds: number): string {
  return `${purpose} of ${folds} ${folds === 1 ? "fold" : "folds"} of ${horizon} ${horizon === 1 ? "step" : "steps"}`;
}

async function fitShortened<Known extends string>(
  member: Forecaster,
  before: Panel<Known>,
  fitOptions: FitOptions,
  options: HeldOutOptions,
  folds: number,
): Promise<FittedForecaster> {
  try {
    return await member.fit(before, fitOptions);
  } catch (cause) {
    if (!TsopsError.is(cause, "SERIES_TOO_SHORT")) throw cause;
    throw new TsopsError(
      "SERIES_TOO_SHORT",
      `${purposeOf(options, fitOptions.horizon, folds)} leaves out the last ${folds * fitOptions.horizon} rows, and without them series are too short for "${member.kind}": ${cause.message}`,
      { hint: options.hint, details: cause.details, cause },
    );
  }
}
