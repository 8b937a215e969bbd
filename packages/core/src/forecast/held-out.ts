import { throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import { requireRows, rowCounts } from "./check.ts";
import { meansInOrder } from "./conformal/fitted.ts";
import { pendingOf, takeBlock } from "./conformal/pending.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "./forecaster.ts";
import { refuseMeans } from "./not-finite.ts";
import type { Panel } from "./panel.ts";
import { selectRows } from "./panel-slices.ts";

/** What the members would have forecast at the end of the history. */
export interface HeldOut {
  /** Per fold: outcomes, series by series; NaN where missing, or where a known-future value that a member takes had to be made up. */
  readonly outcomes: readonly Float64Array[];
  /** Per member and fold: forecasts in the same order. */
  readonly means: readonly (readonly Float64Array[])[];
}

/** Which rows are held out, and what for. */
export interface HeldOutOptions {
  /** Horizons at the end of each series. */
  readonly folds: number;
  /** What the target can be: forecasts are moved into it. Default: anything. */
  readonly range?: { readonly lowest: number | null; readonly highest: number | null };
  /** What the rows are held out for, as the beginning of an error's sentence; e.g. `"A calibration"`. */
  readonly purpose: string;
  readonly hint: string;
}

/**
 * Fits the members without the last `folds` horizons of each series and forecasts these one after the other, absorbing each afterwards without
 * fitting again.
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
  const held = folds * horizon;
  const counts = rowCounts(panel);
  requireRows(panel, counts, held + 1, purposeOf(options, horizon));
  const before = selectRows(panel, (s) => [0, (counts[s] as number) - held]);
  const means: Float64Array[][] = [];
  const outcomes: Float64Array[] = [];
  for (const member of members) {
    let fitted: FittedForecaster = await fitShortened(member, before, fitOptions, options);
    let pending = pendingOf(panel, fitted.spec, held);
    const own: Float64Array[] = [];
    for (let fold = 0; fold < folds; fold++) {
      throwIfAborted(signal);
      const block = takeBlock(pending, horizon);
      const forecast = fitted.predict({ horizon, future: block.future });
      const mean = meansInOrder(forecast, panel.series, horizon, range);
      refuseMeans(
        `${options.purpose}: ${member.kind}`,
        panel.series,
        mean,
        'Leave this forecaster out, or these series: fit with { failures: "collect" }.',
      );
      own.push(mean);
      outcomes[fold] = knownToBoth(outcomes[fold], block.outcomes);
      if (fold + 1 < folds) fitted = fitted.update(block.rows);
      pending = block.rest;
    }
    means.push(own);
  }
  return { outcomes, means };
}

/** The outcomes that count for one member and the others. */
function knownToBoth(others: Float64Array | undefined, own: Float64Array): Float64Array {
  return others === undefined ? own : others.map((y, row) => (Number.isNaN(own[row]) ? Number.NaN : y));
}

function purposeOf({ purpose, folds }: HeldOutOptions, horizon: number): string {
  return `${purpose} of ${folds} ${folds === 1 ? "fold" : "folds"} of ${horizon} ${horizon === 1 ? "step" : "steps"}`;
}

async function fitShortened<Known extends string>(
  member: Forecaster,
  before: Panel<Known>,
  fitOptions: FitOptions,
  options: HeldOutOptions,
): Promise<FittedForecaster> {
  try {
    return await member.fit(before, fitOptions);
  } catch (cause) {
    if (!TsopsError.is(cause, "SERIES_TOO_SHORT")) throw cause;
    throw new TsopsError(
      "SERIES_TOO_SHORT",
      `${purposeOf(options, fitOptions.horizon)} leaves out the last ${options.folds * fitOptions.horizon} rows, and without them series are too short for "${member.kind}": ${cause.message}`,
      { hint: options.hint, details: cause.details, cause },
    );
  }
}
