import { throwIfAborted } from "../../abort.ts";
import { checkMethods } from "../../options.ts";
import { checkFit } from "../check.ts";
import type { FitOptions, Forecaster } from "../forecaster.ts";
import { forecastHeldOut } from "../held-out.ts";
import type { Panel } from "../panel/panel.ts";
import { ownScales } from "../scales.ts";
import { fitOthers } from "../series-failures.ts";
import { calibrationOf } from "./calibration.ts";
import { typicalSizesOf } from "./error-sizes.ts";
import { type FittedConformal, fittedConformal, loadConformal } from "./fitted.ts";
import { type ConformalOptions, type ResolvedConformalOptions, resolveConformalOptions } from "./options.ts";
import { pendingOf } from "./pending.ts";
import { reachesOf } from "./reaches.ts";
import { requireScores } from "./require-scores.ts";

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
    fit: (panel, fitOptions) =>
      fitOthers(panel, fitOptions, (others, own) => fit(forecaster, resolved, others, own)),
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
  const { means, outcomes } = await forecastHeldOut([forecaster], panel, fitOptions, {
    folds: options.folds,
    range: options,
    purpose: "A calibration",
    hint: "Give a longer history, or use fewer folds.",
  });
  const ownSizes = calibrationOf(means[0] as Float64Array[], outcomes, options, panel.series.length);
  // A spread by the forecast has taken the size of the target out of the scores.
  const scales =
    options.spread === "constant" ? ownScales(panel, 1) : new Float64Array(panel.series.length).fill(1);
  const calibration = {
    ...ownSizes,
    typicalSizes: typicalSizesOf(ownSizes.scores, scales),
    reaches: options.by === "scaled" ? reachesOf(panel, fitOptions.horizon) : null,
  };
  requireScores(calibration, options, options.levels, undefined, panel.series);
  throwIfAborted(fitOptions.signal);
  const fitted = await forecaster.fit(panel, fitOptions);
  return fittedConformal<Known>({
    options,
    calibration,
    anchor: fitted,
    current: fitted,
    pending: pendingOf(panel, fitted.spec, () => 0),
  });
}
