import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { checkMethods } from "../../options.ts";
import { checkFit, requireRows, rowCounts } from "../check.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "../forecaster.ts";
import type { Panel } from "../panel.ts";
import { selectRows } from "../panel-slices.ts";
import { type Calibration, calibrationOf, requireScores } from "./calibration.ts";
import { type FittedConformal, fittedConformal, loadConformal, meansInOrder } from "./fitted.ts";
import { type ConformalOptions, type ResolvedConformalOptions, resolveConformalOptions } from "./options.ts";
import { pendingOf, takeBlock } from "./pending.ts";

/** A forecaster with intervals. */
export interface Conformal extends Forecaster {
  readonly kind: "conformal";
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedConformal<Known>>;
  load(bytes: Uint8Array): FittedConformal;
}

/**
 * Gives a forecaster intervals that are judged by its own past errors.
 *
 * **Fit.** The forecaster is fitted without the last `folds` horizons of each series, forecasts them one horizon after the other (absorbing
 * each afterwards, not fitting again), and every error becomes a score. Then it is fitted on all rows. The scores are those of a forecaster with
 * a slightly shorter history, so intervals are rather too wide than too narrow.
 *
 * **Predict.** An interval is the mean plus and minus the ceil((n + 1) coverage)-th smallest of the n scores at the step and its
 * neighbours, times the spread: split conformal prediction (Lei et al. 2018), which covers with the asked probability when errors are
 * exchangeable.
 *
 * **Update.** Rows are absorbed, and once a horizon of them lies after the last scored origin, the forecast from that origin is
 * scored against them: no score ever knows its outcome. The scores join the calibration, and where intervals held less than promised
 * they widen (Gibbs & Candes 2021), so coverage is kept over time when errors drift.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` also SERIES_TOO_SHORT and what the forecaster throws.
 * @example
 * const forecaster = conformal(reduce(gbdt(), { lags: [24, 168] }), { folds: 28, spread: "root", lowest: 0 });
 * const forecast = (await forecaster.fit(rentals, { horizon: 24 })).predict({ levels: [80, 95], future });
 */
export function conformal(forecaster: Forecaster, options: ConformalOptions = {}): Conformal {
  checkMethods(
    "MODEL_PARAMETER_INVALID",
    "The forecaster of conformal()",
    forecaster,
    ["fit"],
    "Call it: conformal(seasonalNaive({ seasonLength: 24 })).",
  );
  const resolved = resolveConformalOptions(options);
  return {
    kind: "conformal",
    params: {
      forecaster: { kind: forecaster.kind, params: forecaster.params },
      ...(JSON.parse(JSON.stringify(resolved)) as Record<string, unknown>),
    },
    fit: (panel, fitOptions) => fit(forecaster, resolved, panel, fitOptions),
    load: (bytes) => loadConformal(bytes, (inner) => forecaster.load(inner)),
  };
}

async function fit<Known extends string>(
  forecaster: Forecaster,
  options: ResolvedConformalOptions,
  panel: Panel<Known>,
  fitOptions: FitOptions,
): Promise<FittedConformal<Known>> {
  checkFit(panel, fitOptions);
  const { horizon, signal } = fitOptions;
  const held = options.folds * horizon;
  requireRows(panel, rowCounts(panel), held + 1, `A calibration of ${stepsOfFolds(options.folds, horizon)}`);
  const calibration = await calibrate(forecaster, options, panel, fitOptions, held);
  throwIfAborted(signal);
  const fitted = await forecaster.fit(panel, fitOptions);
  return fittedConformal<Known>({
    options,
    calibration,
    anchor: fitted,
    current: fitted,
    pending: pendingOf(panel, fitted.spec, 0),
  });
}

function stepsOfFolds(folds: number, horizon: number): string {
  return `${folds} ${folds === 1 ? "fold" : "folds"} of ${horizon} ${horizon === 1 ? "step" : "steps"}`;
}

async function calibrate<Known extends string>(
  forecaster: Forecaster,
  options: ResolvedConformalOptions,
  panel: Panel<Known>,
  fitOptions: FitOptions,
  held: number,
): Promise<Calibration> {
  const { horizon } = fitOptions;
  const counts = rowCounts(panel);
  const before = selectRows(panel, (s) => [0, (counts[s] as number) - held]);
  let fitted: FittedForecaster;
  try {
    fitted = await forecaster.fit(before, fitOptions);
  } catch (cause) {
    if (!TsopsError.is(cause, "SERIES_TOO_SHORT")) throw cause;
    throw new TsopsError(
      "SERIES_TOO_SHORT",
      `Without the ${held} rows of the calibration (${stepsOfFolds(options.folds, horizon)}) series are too short: ${cause.message}`,
      { hint: "Give a longer history, or use fewer folds.", details: cause.details, cause },
    );
  }
  let pending = pendingOf(panel, fitted.spec, held);
  const means: Float64Array[] = [];
  const outcomes: Float64Array[] = [];
  for (let fold = 0; fold < options.folds; fold++) {
    throwIfAborted(fitOptions.signal);
    const block = takeBlock(pending, horizon);
    means.push(
      meansInOrder(fitted.predict({ horizon, future: block.future }), panel.series, horizon, options),
    );
    outcomes.push(block.outcomes);
    if (fold + 1 < options.folds) fitted = fitted.update(block.rows);
    pending = block.rest;
  }
  const calibration = calibrationOf(means, outcomes, options, panel.series.length);
  requireScores(calibration, options, options.levels);
  return calibration;
}
