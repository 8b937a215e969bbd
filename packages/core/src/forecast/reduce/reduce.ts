import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { checkMethods } from "../../options.ts";
import type { Progress } from "../../progress.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { checkFit, observedCounts, requireRows, rowCounts } from "../check.ts";
import type { FitOptions, Forecaster } from "../forecaster.ts";
import { localParts } from "../local/local-forecaster.ts";
import { nameOf } from "../local/refusals.ts";
import type { Panel } from "../panel/panel.ts";
import { panelTail } from "../panel/panel-slices.ts";
import type { FittedRegressor, Regressor } from "../regressor.ts";
import { fitOthers } from "../series-failures.ts";
import { type FittedReduce, fittedReduce, loadReduce } from "./fitted.ts";
import { type ReduceOptions, type ResolvedReduceOptions, resolveReduceOptions } from "./options.ts";
import { planReduce } from "./plan.ts";
import { refuseBelowLowest } from "./refuse-below-lowest.ts";
import { refuseUnlistedRegions } from "./regional-holidays.ts";
import { refuseOutsideDomain } from "./target.ts";
import { trainingRows } from "./training.ts";
import { fallbacksOf, prepareWork } from "./work.ts";

/** A global forecaster on a regressor. */
export interface Reduce extends Forecaster {
  readonly kind: "reduce";
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedReduce<Known>>;
  load(bytes: Uint8Array): FittedReduce;
}

/**
 * Forecasts many series with one regressor, from their past values, the calendar and covariates.
 *
 * **Strategy.** When no lag, target window or difference reaches nearer than the horizon, one direct model predicts all steps. Otherwise the
 * model predicts one step ahead and is fed its own predictions. `strategy` asks for another one: direct models then find near lags before the cutoff.
 *
 * **No leakage.** A training row knows what a forecast of it would have known: in a direct model nothing after the last cutoff
 * before it (cutoffs lie one horizon apart, counted from the end of the panel), in a recursion nothing after the row before it, in a model of
 * step h nothing after the h-th row before it.
 *
 * **Target.** `transform`, then `differences`, then `scale`, then `level` are applied to the target and undone in the reverse order; lags, windows and matches
 * of the target are made of the transformed, differenced, scaled values and put in relation to the same level. With
 * `level: { width: 168 }` the model learns shares of the last week's level, so growth as such does not make it wrong.
 *
 * **Missing values.** Rows without a target are not trained on; features that cannot be told are NaN, which the regressor handles.
 *
 * **Progress** is the regressor's; of the strategy `"perStep"` it is one report for each fit, and a signal is heard after each.
 *
 * `update` moves the history that features are made of; the regressor stays.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` also SERIES_TOO_SHORT (series listed with their lengths), PANEL_INVALID, VALUE_INVALID
 * (a target that the transform cannot take), ABORTED; from `fit` where it can be told, otherwise from `predict`, FIT_FAILED (series listed whose forecasts are not finite).
 * @example
 * const forecaster = reduce(gbdt({ trees: 150 }), { lags: [24, 168], calendar: ["hour", "weekday"], level: { width: 168 } });
 * const fitted = await forecaster.fit(rentals, { horizon: 24 });
 */
export function reduce(regressor: Regressor, options: ReduceOptions = {}): Reduce {
  checkMethods(
    "MODEL_PARAMETER_INVALID",
    "The regressor of reduce()",
    regressor,
    ["fit"],
    "Call it: reduce(gbdt(), { lags: [24] }).",
  );
  refuseForecaster(regressor);
  const resolved = resolveReduceOptions(options);
  return {
    kind: "reduce",
    params: {
      regressor: { kind: regressor.kind, params: regressor.params },
      ...(JSON.parse(JSON.stringify(resolved)) as Record<string, unknown>),
    },
    fit: (panel, fitOptions) =>
      fitOthers(panel, fitOptions, (others, own) => fit(regressor, resolved, others, own)),
    load: (bytes) => loadReduce(bytes, [regressor]),
  };
}

/** What looks like a regressor, and would be given rows of features where it takes a panel. */
function refuseForecaster(regressor: unknown): void {
  const parts = localParts(regressor);
  if (parts === undefined) return;
  const name = nameOf(parts.model);
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `reduce() takes a regressor, and ${name}() is a forecaster.`,
    {
      hint: `Fit it as it is: ${name}().fit(panel, { horizon }). reduce() is for gbdt(), ridge() and others that learn from features.`,
    },
  );
}

async function fit<Known extends string>(
  regressor: Regressor,
  options: ResolvedReduceOptions,
  panel: Panel<Known>,
  fitOptions: FitOptions,
): Promise<FittedReduce<Known>> {
  checkFit(panel, fitOptions);
  const { horizon, signal, progress } = fitOptions;
  refuseOutsideDomain(panel, options.transform);
  const plan = planReduce(options, panel, horizon);
  refuseUnlistedRegions(options.holidays, panel);
  requireRows(
    panel,
    rowCounts(panel),
    plan.warmup + 1,
    `A first training row after the ${plan.warmup} that its features look back`,
  );
  requireRows(panel, observedCounts(panel), 1, "reduce", " with a known target");

  const frequency = parseFrequency(panel.spec.frequency, { zone: panel.spec.zone });
  const trendOrigin = panel.series.reduce(
    (least, _, s) => Math.min(least, frequency.indexOf(panel.times[panel.offsets[s] as number] as bigint)),
    Number.POSITIVE_INFINITY,
  );
  const works = prepareWork(
    panel,
    { options, polynomial: plan.polynomial, frequency, trendOrigin, fallbacks: null },
    0,
    panel.known.map(() => new Float64Array(0)),
  );
  const { warmup, strategy } = plan;
  const fitStep = async (step: number | null, inner: Progress | undefined): Promise<FittedRegressor> => {
    const rows = trainingRows(panel, works, plan.features, options, { horizon, step, warmup, frequency });
    const { x, y, perSeries } = rows;
    requireRows(panel, perSeries, 1, "reduce", ` with a known target after the first ${warmup}`);
    refuseBelowLowest(panel, rows, regressor);
    return regressor.fit(x, y, {
      ...(signal === undefined ? {} : { signal }),
      ...(inner === undefined ? {} : { progress: inner }),
    });
  };
  const regressors: FittedRegressor[] = [];
  if (strategy === "perStep")
    for (let step = 1; step <= horizon; step++) {
      regressors.push(await fitStep(step, undefined));
      // One report a fit: those of the regressors would begin anew with each. Many regressors never let the event loop have its turn, without which no signal fires.
      progress?.({ task: "fit reduce", done: step, total: horizon });
      await new Promise((resolve) => setImmediate(resolve));
      throwIfAborted(signal);
    }
  else regressors.push(await fitStep(strategy === "recursive" ? 1 : null, progress));
  const fitted = fittedReduce<Known>({
    options,
    plan,
    horizon,
    regressors,
    history: panelTail(panel, plan.depth),
    trendOrigin,
    fallbacks: fallbacksOf(works),
  });
  // Where the future has to be told, `predict` sees whether forecasts are finite.
  if (plan.needed.length === 0) refuseBreakdown(fitted as FittedReduce);
  return fitted;
}

/** @throws TsopsError FIT_FAILED. What else is wrong so far ahead is for `predict` to say: a shorter horizon may be asked for. */
function refuseBreakdown(fitted: FittedReduce): void {
  try {
    fitted.predict();
  } catch (error) {
    if (TsopsError.is(error, "FIT_FAILED")) throw error;
  }
}
