import { TsopsError } from "../../errors.ts";
import { checkList, checkMethods } from "../../options.ts";
import { checkFit } from "../check.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "../forecaster.ts";
import { forecastHeldOut } from "../held-out.ts";
import type { Panel } from "../panel/panel.ts";
import { fitOthers } from "../series-failures.ts";
import { type FittedEnsemble, fittedEnsemble, loadEnsemble } from "./fitted.ts";
import { type EnsembleOptions, type ResolvedEnsembleOptions, resolveEnsembleOptions } from "./options.ts";
import { learnWeights } from "./weights.ts";

/** Several forecasters whose forecasts become one. */
export interface Ensemble extends Forecaster {
  readonly kind: "ensemble";
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedEnsemble<Known>>;
  load(bytes: Uint8Array): FittedEnsemble;
}

/**
 * Combines the forecasts of several forecasters: their errors differ, and so partly cancel out (Bates & Granger 1969). Members that
 * differ in kind (local and global, in levels and in differences) gain most.
 *
 * Intervals are combined in the same way, quantile by quantile, where every member has some; otherwise there are none, and asking for them is an error: wrap the
 * ensemble in `conformal`, which judges the combination itself. `update` updates the members; weights stay as the fit learnt them.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` also SERIES_TOO_SHORT and what the members throw.
 * @example
 * const forecaster = ensemble([ets({ seasonLength: 24 }), seasonalNaive({ seasonLength: 168 })], { combine: "weighted" });
 */
export function ensemble(members: readonly Forecaster[], options: EnsembleOptions = {}): Ensemble {
  checkList("MODEL_PARAMETER_INVALID", "The members of ensemble()", members);
  if (members.length < 2)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `An ensemble has at least 2 members, got ${members.length}.`,
      { hint: "Use the forecaster itself." },
    );
  members.forEach((member, m) => {
    checkMethods(
      "MODEL_PARAMETER_INVALID",
      `Member ${m + 1} of ensemble()`,
      member,
      ["fit"],
      "Call it: ensemble([seasonalNaive({ seasonLength: 24 }), naive()]).",
    );
  });
  const resolved = resolveEnsembleOptions(options);
  const own = [...members];
  return {
    kind: "ensemble",
    params: {
      members: own.map(({ kind, params }) => ({ kind, params })),
      ...(JSON.parse(JSON.stringify(resolved)) as Record<string, unknown>),
    },
    fit: (panel, fitOptions) =>
      fitOthers(panel, fitOptions, (others, rest) => fit(own, resolved, others, rest)),
    load: (bytes) => loadEnsemble(bytes, (inner, m) => memberAt(own, m).load(inner)),
  };
}

/** @throws TsopsError MODEL_FORMAT_INVALID when the bytes hold more members than there are. */
function memberAt(members: readonly Forecaster[], m: number): Forecaster {
  const member = members[m];
  if (member !== undefined) return member;
  throw new TsopsError(
    "MODEL_FORMAT_INVALID",
    `These bytes hold an ensemble of more than the ${members.length} members given.`,
    { hint: "Load them with the ensemble that saved them, or loadForecaster(bytes)." },
  );
}

async function fit<Known extends string>(
  members: readonly Forecaster[],
  options: ResolvedEnsembleOptions,
  panel: Panel<Known>,
  fitOptions: FitOptions,
): Promise<FittedEnsemble<Known>> {
  checkFit(panel, fitOptions);
  const seriesCount = panel.series.length;
  let weights: Float64Array | null = null;
  if (options.combine === "mean")
    weights = new Float64Array(seriesCount * members.length).fill(1 / members.length);
  else if (options.folds !== null) {
    const heldOut = await forecastHeldOut(members, panel, fitOptions, {
      folds: options.folds,
      purpose: "Weighing by the errors",
      hint: 'Give a longer history, fewer folds, or combine by "mean" or "median".',
    });
    weights = learnWeights(heldOut, options, seriesCount, fitOptions.horizon);
  }
  const fitted: FittedForecaster<Known>[] = [];
  for (const member of members) fitted.push(await member.fit(panel, fitOptions));
  return fittedEnsemble<Known>({ options, members: fitted, weights });
}
