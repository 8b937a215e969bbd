import type { FittedForecaster, Forecaster } from "../forecast/forecaster.ts";
import type { TrainingSetLineage } from "../lineage.ts";
import { checkMethods, checkOptions } from "../options.ts";
import type { CallOptions } from "../ports/call-options.ts";
import type { ActiveRun, LoggedModel } from "../ports/tracker.ts";
import { checkTrainingSet, lineageOf, trainingInput } from "./model-lineage.ts";

/** Name of the file that holds a saved forecaster among a model's files. */
export const forecasterFile = "model.tsops";

/** What to log of a fitted forecaster. */
export interface LogForecasterOptions extends CallOptions {
  /** Name of the logged model. */
  readonly name: string;
  readonly forecaster: Forecaster;
  readonly fitted: FittedForecaster;
  /** Lineage of the rows it was fitted on; null when they come from no training set. */
  readonly trainingSet: TrainingSetLineage | null;
  /** Commit of the code, e.g. `process.env.GIT_COMMIT`. Left out, the lineage says that it was not given. */
  readonly codeVersion?: string;
  /** Versions of what the fit depends on besides Node and @tsops/core, e.g. `{ "ml-matrix": "6.12.1" }`. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Logs a fitted forecaster as a model of the run, with its parameters, its training set as an input, and the lineage from which
 * `tsops lineage` walks back. `deploy` and `loadForecaster` read what it writes.
 * @throws TsopsError MODEL_PARAMETER_INVALID, ABORTED, and what the tracker throws
 */
export async function logForecaster(run: ActiveRun, options: LogForecasterOptions): Promise<LoggedModel> {
  checkOptions("MODEL_PARAMETER_INVALID", "logForecaster()", options, {
    name: true,
    forecaster: true,
    fitted: true,
    trainingSet: true,
    codeVersion: true,
    environment: true,
    signal: true,
  });
  const { forecaster, fitted, trainingSet, signal } = options;
  checkMethods("MODEL_PARAMETER_INVALID", "The forecaster", forecaster, ["fit"], "Give what was fitted.");
  checkMethods(
    "MODEL_PARAMETER_INVALID",
    "The fitted forecaster",
    fitted,
    ["predict", "save"],
    "Give what fit() resolved to.",
  );
  checkTrainingSet("logForecaster()", trainingSet);
  const bytes = fitted.save();
  await run.logParams({ kind: forecaster.kind, params: JSON.stringify(forecaster.params) }, { signal });
  if (trainingSet !== null) await run.logInputs([trainingInput(trainingSet)], { signal });
  return run.logModel(
    {
      name: options.name,
      files: { [forecasterFile]: bytes },
      flavors: { tsops: { kind: forecaster.kind, data: forecasterFile, horizon: fitted.horizon } },
      params: { kind: forecaster.kind },
      lineage: lineageOf(forecaster, bytes, options),
    },
    { signal },
  );
}
