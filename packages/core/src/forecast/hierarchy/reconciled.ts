import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { checkMethods } from "../../options.ts";
import { formatInstant } from "../../time/instant.ts";
import { checkFit } from "../check.ts";
import type { FitOptions, Forecaster } from "../forecaster.ts";
import { forecastHeldOut } from "../held-out.ts";
import type { Panel } from "../panel/panel.ts";
import { seriesName } from "../panel/rows.ts";
import { refuseCollecting } from "../series-failures.ts";
import { withSums } from "./aggregate.ts";
import {
  type FittedReconciled,
  fittedReconciled,
  innerStructure,
  loadReconciled,
  requireEvenEnds,
  tailOf,
} from "./fitted.ts";
import {
  needsErrors,
  type ReconciledOptions,
  type ResolvedReconciledOptions,
  resolveReconciledOptions,
} from "./options.ts";
import { structureOf } from "./structure.ts";
import { covarianceOf, type ErrorRows } from "./weights.ts";

/** A forecaster whose forecasts add up over groups of series. */
export interface Reconciled extends Forecaster {
  readonly kind: "reconciled";
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedReconciled<Known>>;
  load(bytes: Uint8Array): FittedReconciled;
}

/**
 * Forecasts that add up: of stores, their regions and the total, or of any sums over key columns. The forecaster is fitted on the series and on their sums,
 * each forecast alone, and the forecasts are then changed as little as makes every sum the sum of its series. Series gain from what is only to be seen in sums, and the
 * other way round.
 *
 * `predict` gives the series of the panel, `predictLevels` the sums too. All must end at the same instant, in the fit; in an update those that stay behind have
 * missing rows until their values come. `predict` of some series needs the future rows of all.
 *
 * It has no intervals of its own: `conformal(reconciled(...))` judges the series by their own past, and its sample paths sums of them.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` also COLUMN_NOT_FOUND, PANEL_INVALID, SERIES_TOO_SHORT and what the forecaster throws.
 * @example
 * const forecaster = reconciled(ets({ seasonLength: 7 }), { levels: [[], ["region"]], method: "minTrace", nonNegative: true });
 * const all = (await forecaster.fit(sales, { horizon: 28 })).predictLevels();
 */
export function reconciled(forecaster: Forecaster, options: ReconciledOptions): Reconciled {
  checkMethods(
    "MODEL_PARAMETER_INVALID",
    "The forecaster of reconciled()",
    forecaster,
    ["fit"],
    'Call it: reconciled(ets(), { levels: [[], ["region"]] }).',
  );
  const resolved = resolveReconciledOptions(options);
  return {
    kind: "reconciled",
    params: {
      forecaster: { kind: forecaster.kind, params: forecaster.params },
      ...(JSON.parse(JSON.stringify(resolved)) as Record<string, unknown>),
    },
    fit: (panel, fitOptions) => fit(forecaster, resolved, panel, fitOptions),
    load: (bytes) => loadReconciled(bytes, (inner) => forecaster.load(inner)),
  };
}

async function fit<Known extends string>(
  forecaster: Forecaster,
  options: ResolvedReconciledOptions,
  panel: Panel<Known>,
  fitOptions: FitOptions,
): Promise<FittedReconciled<Known>> {
  checkFit(panel, fitOptions);
  refuseCollecting(fitOptions, "sums would lack the series that are left out");
  const structure = structureOf(panel.spec.keys, panel.series, options.levels);
  requireEvenEnds(panel, seriesName, formatInstant);
  const all = withSums(panel, innerStructure(structure, options));
  const errors = needsErrors(options.method) ? await learnErrors(forecaster, options, all, fitOptions) : null;
  throwIfAborted(fitOptions.signal);
  const inner = await forecaster.fit(all, fitOptions);
  return fittedReconciled<Known>({
    options,
    structure,
    covariance: options.method === "bottomUp" ? null : covarianceOf(structure, options.method, errors),
    inner,
    tail: tailOf(panel, inner),
  });
}

/** Errors at all steps of the folds: a vector over the series for each. */
async function learnErrors(
  forecaster: Forecaster,
  options: ResolvedReconciledOptions,
  all: Panel,
  fitOptions: FitOptions,
): Promise<ErrorRows> {
  const { horizon } = fitOptions;
  const folds = options.folds ?? Math.max(3, Math.ceil(50 / horizon));
  if (options.method === "minTrace" && folds * horizon < 2)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `method: "minTrace" needs at least 2 rows of errors for their covariance; ${folds} fold of ${horizon} step gives 1.`,
      { hint: 'Give more folds, or use method: "structural", which needs no errors.' },
    );
  const { outcomes, means } = await forecastHeldOut([forecaster], all, fitOptions, {
    folds,
    purpose: "Learning from the errors",
    hint: 'Give a longer history, fewer folds, or use method: "structural", which needs no errors.',
  });
  const count = all.series.length;
  const values = new Float64Array(folds * horizon * count);
  outcomes.forEach((outcome, fold) => {
    const mean = means[0]?.[fold] as Float64Array;
    for (let s = 0; s < count; s++)
      for (let h = 0; h < horizon; h++)
        values[(fold * horizon + h) * count + s] =
          (outcome[s * horizon + h] as number) - (mean[s * horizon + h] as number);
  });
  return { rows: folds * horizon, values };
}
