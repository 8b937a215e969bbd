import { throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import { checkList, checkOptions, numberHint, type OptionNames, shown } from "../options.ts";
import type { FitOptions, PredictOptions } from "./forecaster.ts";
import { checkLevels, checkQuantiles } from "./levels.ts";
import type { Panel } from "./panel/panel.ts";
import { listSome, seriesName } from "./panel/rows.ts";
import { checkFailures, withFailures } from "./series-failures.ts";

/** @throws TsopsError MODEL_PARAMETER_INVALID unless it is a whole number within the bounds. */
export function wholeNumber(name: string, value: unknown, least = 1, most = 0x7fffffff): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `${name} must be a whole number ${most === 0x7fffffff ? `of at least ${least}` : `from ${least} to ${most}`}, got ${shown(value)}.`,
    { hint: numberHint(value, { least, most, isWhole: true }) },
  );
}

const fitOptionNames: OptionNames<FitOptions> = {
  horizon: true,
  failures: true,
  threads: true,
  signal: true,
  progress: true,
};

const predictOptionNames: OptionNames<PredictOptions> = {
  horizon: true,
  levels: true,
  quantiles: true,
  keys: true,
  future: true,
};

/** @throws TsopsError PANEL_INVALID unless it is what `panel` gives. */
export function checkPanel(call: string, panel: unknown): void {
  if (typeof panel === "object" && panel !== null && "spec" in panel && "series" in panel) return;
  const isColumns = typeof panel === "object" && panel !== null && "types" in panel;
  throw new TsopsError(
    "PANEL_INVALID",
    `${call} takes a panel, got ${isColumns ? "columns" : shown(panel)}.`,
    {
      hint: "Make one with panel(columns, { time, target, frequency }).",
    },
  );
}

/** A longer one is a mistake, such as seconds for steps: memory and time grow with it, for hours before anything is said. 11 years of hours are fewer. */
export const longestHorizon = 100_000;

/** What every fit refuses. @throws TsopsError PANEL_INVALID, MODEL_PARAMETER_INVALID, ABORTED. */
export function checkFit(panel: Panel, options: FitOptions): void {
  checkPanel("fit()", panel);
  checkOptions("MODEL_PARAMETER_INVALID", "fit()", options, fitOptionNames);
  wholeNumber("horizon", options.horizon);
  if (options.horizon > longestHorizon)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `A horizon has at most ${longestHorizon} steps, got ${options.horizon}.`,
      {
        hint: `It is counted in steps of the panel's frequency, "${panel.spec.frequency}". For times further ahead choose a wider frequency.`,
        details: { horizon: options.horizon, most: longestHorizon },
      },
    );
  checkSignal(options.signal);
  checkProgress(options.progress);
  checkFailures(options.failures);
  if (options.threads !== undefined) wholeNumber("threads", options.threads);
  throwIfAborted(options.signal);
  if (panel.series.length === 0)
    throw new TsopsError("PANEL_INVALID", "The panel has no series.", { hint: "Give at least one row." });
}

function checkSignal(signal: unknown): void {
  if (signal === undefined || (typeof signal === "object" && signal !== null && "aborted" in signal)) return;
  throw new TsopsError("MODEL_PARAMETER_INVALID", `signal is an AbortSignal, got ${shown(signal)}.`, {
    hint: "Give new AbortController().signal, or AbortSignal.timeout(60_000).",
    details: { option: "signal" },
  });
}

function checkProgress(progress: unknown): void {
  if (progress === undefined || typeof progress === "function") return;
  throw new TsopsError("MODEL_PARAMETER_INVALID", `progress is a function, got ${shown(progress)}.`, {
    hint: "Give one that takes reports: progress: ({ done, total }) => console.log(done, total).",
    details: { option: "progress" },
  });
}

/**
 * The steps to predict.
 * @throws TsopsError MODEL_PARAMETER_INVALID when it is longer than what was fitted, a level is no percentage, or a quantile no probability.
 */
export function checkPredict(options: PredictOptions | undefined, fittedHorizon: number): number {
  if (options !== undefined)
    checkOptions("MODEL_PARAMETER_INVALID", "predict()", options, predictOptionNames);
  if (options?.levels !== undefined) checkLevels(options.levels);
  if (options?.quantiles !== undefined) checkQuantiles(options.quantiles);
  if (options?.keys !== undefined) checkList("MODEL_PARAMETER_INVALID", "keys", options.keys);
  const horizon = options?.horizon ?? fittedHorizon;
  wholeNumber("horizon", horizon);
  if (horizon > fittedHorizon)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `A horizon of ${horizon} steps was asked for, the model was fitted for ${fittedHorizon}.`,
      { hint: `Fit with { horizon: ${horizon} }, or ask for at most ${fittedHorizon}.` },
    );
  return horizon;
}

/**
 * Refuses series that are too short.
 * @param lengths - Rows that count, per series.
 * @param why - What needs them, e.g. `"ets"`.
 * @param which - Which rows count, e.g. `" with a known target"`.
 * @throws TsopsError SERIES_TOO_SHORT listing the series with their lengths.
 */
export function requireRows(
  panel: Panel,
  lengths: Int32Array,
  needed: number,
  why: string,
  which = "",
): void {
  const short = panel.series.flatMap((key, s) =>
    (lengths[s] as number) < needed ? [{ key, rows: lengths[s] as number }] : [],
  );
  if (short.length === 0) return;
  const code = "SERIES_TOO_SHORT";
  const each = panel.spec.keys.length === 0 ? "" : " per series";
  const needs = `${why} needs ${needed} ${needed === 1 ? "row" : "rows"}${which}`;
  throw withFailures(
    new TsopsError(
      code,
      `${needs}${each}; ${listSome(short.map(({ key, rows }) => `${seriesName(key)} has ${rows}`))}.`,
      {
        hint: 'Give a longer history, leave these series out (fit with { failures: "collect" }), or choose settings that look back less far.',
        details: {
          needed,
          count: short.length,
          series: short.slice(0, 20).map(({ key, rows }) => ({ series: seriesName(key), rows })),
        },
      },
    ),
    short.map(({ key, rows }) => ({ key, code, message: `${needs}, and the series has ${rows}.` })),
  );
}

/** Rows of each series. */
export function rowCounts(panel: Panel): Int32Array {
  return Int32Array.from(
    panel.series,
    (_, s) => (panel.offsets[s + 1] as number) - (panel.offsets[s] as number),
  );
}

/** Rows of each series up to its last known target; 0 where none is known. */
export function knownLengths({ series, offsets, y }: Panel): Int32Array {
  return Int32Array.from(series, (_, s) => {
    const start = offsets[s] as number;
    let end = offsets[s + 1] as number;
    while (end > start && Number.isNaN(y[end - 1] as number)) end--;
    return end - start;
  });
}

/** Rows of each series whose target is not missing. */
export function observedCounts(panel: Panel): Int32Array {
  return Int32Array.from(panel.series, (_, s) => {
    let count = 0;
    for (let i = panel.offsets[s] as number; i < (panel.offsets[s + 1] as number); i++)
      if (!Number.isNaN(panel.y[i] as number)) count++;
    return count;
  });
}

/** The first row of a series with a known target, counted from its beginning. */
export function firstKnown(panel: Panel, s: number): number {
  const start = panel.offsets[s] as number;
  let row = start;
  while (Number.isNaN(panel.y[row] as number)) row++;
  return row - start;
}
