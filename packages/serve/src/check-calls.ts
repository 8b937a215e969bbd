// What callers of a deployment may get wrong, found before anything is done.
import { checkLevels, checkList, checkOptions, type OptionNames, shown, TsopsError } from "@tsops/core";
import type { DeploymentPredictOptions, DeployOptions } from "./deployment-options.ts";

const deployOptionNames: OptionNames<DeployOptions> = {
  registry: true,
  log: true,
  clock: true,
  deployment: true,
  load: true,
  history: true,
  features: true,
  targetTable: true,
  levels: true,
  shadow: true,
  refreshEvery: true,
  onEvent: true,
  signal: true,
  newId: true,
};

const predictOptionNames: OptionNames<DeploymentPredictOptions> = {
  at: true,
  horizon: true,
  keys: true,
  future: true,
  signal: true,
};

/** @throws TsopsError MODEL_PARAMETER_INVALID */
export function checkDeployOptions(options: DeployOptions): void {
  checkOptions("MODEL_PARAMETER_INVALID", "deploy()", options, deployOptionNames);
  for (const name of ["registry", "log"] as const)
    if (typeof options[name] !== "object" || options[name] === null)
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `deploy() needs a ${name}, got ${shown(options[name])}.`,
        {
          hint: "Give those of a home: { registry: home.registry, log: home.predictions }.",
          details: { option: name },
        },
      );
  if (options.levels !== undefined) checkLevels(options.levels);
}

/** @throws TsopsError MODEL_PARAMETER_INVALID */
export function checkPredictOptions(options: DeploymentPredictOptions): void {
  checkOptions("MODEL_PARAMETER_INVALID", "predict()", options, predictOptionNames);
  if (options.keys !== undefined) checkList("MODEL_PARAMETER_INVALID", "keys", options.keys);
}

/** @throws TsopsError MODEL_PARAMETER_INVALID, SCHEMA_MISMATCH */
export function checkObserved(rows: unknown, options: { readonly signal?: AbortSignal }): void {
  checkOptions("MODEL_PARAMETER_INVALID", "observe()", options, { signal: true });
  if (typeof rows === "object" && rows !== null && "types" in rows && "data" in rows) return;
  throw new TsopsError("SCHEMA_MISMATCH", `observe() takes columns, got ${shown(rows)}.`, {
    hint: "Make columns of row objects with columnsFromRows(table.columns, rows).",
  });
}
