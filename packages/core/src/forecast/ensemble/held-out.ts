import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { requireRows, rowCounts } from "../check.ts";
import { meansInOrder } from "../conformal/fitted.ts";
import { pendingOf, takeBlock } from "../conformal/pending.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "../forecaster.ts";
import type { Panel } from "../panel.ts";
import { selectRows } from "../panel-slices.ts";

/** What the members would have forecast at the end of the history. */
export interface HeldOut {
  /** Per fold: outcomes, series by series; NaN where missing. */
  readonly outcomes: readonly Float64Array[];
  /** Per member and fold: forecasts in the same order. */
  readonly means: readonly (readonly Float64Array[])[];
}

/** How an error says what the rows were held out for. */
export interface HeldOutWords {
  readonly purpose: string;
  readonly hint: string;
}

/**
 * Fits the members without the last `folds` horizons of each series and forecasts these one after the other, absorbing each afterwards without
 * fitting again.
 * @throws TsopsError SERIES_TOO_SHORT, ABORTED and what the members throw.
 */
export async function forecastHeldOut<Known extends string>(
  members: readonly Forecaster[],
  panel: Panel<Known>,
  fitOptions: FitOptions,
  folds: number,
  words: HeldOutWords = {
    purpose: `Weighing by ${folds} folds of ${fitOptions.horizon} steps`,
    hint: 'Give a longer history, fewer folds, or combine by "mean" or "median".',
  },
): Promise<HeldOut> {
  const { horizon, signal } = fitOptions;
  const held = folds * horizon;
  const counts = rowCounts(panel);
  requireRows(panel, counts, held + 1, words.purpose);
  const before = selectRows(panel, (s) => [0, (counts[s] as number) - held]);
  const means: Float64Array[][] = [];
  const outcomes: Float64Array[] = [];
  for (const member of members) {
    let fitted: FittedForecaster = await fitShortened(member, before, fitOptions, held, words);
    let pending = pendingOf(panel, panel.spec, held);
    const own: Float64Array[] = [];
    for (let fold = 0; fold < folds; fold++) {
      throwIfAborted(signal);
      const block = takeBlock(pending, horizon);
      const forecast = fitted.predict({ horizon, future: block.future });
      own.push(meansInOrder(forecast, panel.series, horizon, { lowest: null, highest: null }));
      if (means.length === 0) outcomes.push(block.outcomes);
      if (fold + 1 < folds) fitted = fitted.update(block.rows);
      pending = block.rest;
    }
    means.push(own);
  }
  return { outcomes, means };
}

async function fitShortened<Known extends string>(
  member: Forecaster,
  before: Panel<Known>,
  fitOptions: FitOptions,
  held: number,
  { purpose, hint }: HeldOutWords,
): Promise<FittedForecaster> {
  try {
    return await member.fit(before, fitOptions);
  } catch (cause) {
    if (!TsopsError.is(cause, "SERIES_TOO_SHORT")) throw cause;
    throw new TsopsError(
      "SERIES_TOO_SHORT",
      `${purpose} leaves out the last ${held} rows, and without them series are too short for "${member.kind}": ${cause.message}`,
      { hint, details: cause.details, cause },
    );
  }
}
