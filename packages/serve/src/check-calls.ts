// What callers of a deployment may get wrong, found before anything is done.
import {
  type Columns,
  checkColumns,
  checkLevels,
  checkList,
  checkOptions,
  formatInstant,
  type OptionNames,
  type PanelSpec,
  parseFrequency,
  shown,
  TsopsError,
} from "@tsops/core";
import type { DeploymentPredictOptions, DeployOptions } from "./deployment-options.ts";
import { timesOf } from "./rows.ts";

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
  if (typeof options === "object" && options !== null && "levels" in options)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      "The levels of a deployment are not chosen call by call.",
      {
        hint: "Write deploy(model, { levels: [80, 95], ... }): every answer has them, and the log does.",
        details: { option: "levels" },
      },
    );
  checkOptions("MODEL_PARAMETER_INVALID", "predict()", options, predictOptionNames);
  if (options.keys !== undefined) checkList("MODEL_PARAMETER_INVALID", "keys", options.keys);
}

/** @throws TsopsError MODEL_PARAMETER_INVALID, SCHEMA_MISMATCH */
export function checkObserved(rows: unknown, options: { readonly signal?: AbortSignal }): void {
  checkOptions("MODEL_PARAMETER_INVALID", "observe()", options, { signal: true });
  checkColumns("SCHEMA_MISMATCH", "observe()", rows);
}

/**
 * A row of the future, which a wrong year makes, would move the forecasts there for good. A step ahead is let through: clocks
 * differ, and some label a step by its end.
 * @throws TsopsError PANEL_INVALID
 */
export function refuseFuture(rows: Columns, { time, frequency, zone }: PanelSpec, now: bigint): void {
  const latest = parseFrequency(frequency, { zone }).add(now, 1);
  const times = timesOf(rows, time);
  const late: number[] = [];
  times.forEach((instant, row) => {
    if (instant > latest) late.push(row);
  });
  const [first] = late;
  if (first === undefined) return;
  throw new TsopsError(
    "PANEL_INVALID",
    `${late.length} of ${rows.length} rows of the target are of the future: row ${first} says ${formatInstant(times[first] as bigint)}, and it is ${formatInstant(now)}.`,
    {
      hint: "Check the times for a wrong year or zone. What is known of the future goes into a table of its own, or into predict({ future }); a replay passes its own clock to deploy().",
      details: { rows: late.slice(0, 20), count: late.length },
    },
  );
}
