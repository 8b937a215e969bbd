import {
  type BacktestResult,
  checkOptions,
  type Panel,
  type SeriesKey,
  shown,
  TsopsError,
} from "@tsops/core";
import { type BacktestPoint, backtestPoints, rowsBefore } from "./backtest-points.ts";
import type { Html } from "./html.ts";
import { bandLegend, intervalBands } from "./interval-bands.ts";
import { swatch } from "./legend.ts";
import { type ChartRenderer, loadCharts } from "./plot.ts";
import { caption, legendLine, picture, placed } from "./svg-pieces.ts";

/** What a drawing of backtests shows besides them. */
export interface DrawBacktestOptions {
  /** The panel that was backtested: shows what came before the first cutoff, two horizons of it. */
  readonly history?: Panel;
  /** Series that are drawn. Default: the first four. */
  readonly keys?: readonly SeriesKey[];
  /** Default: the models' names. */
  readonly title?: string;
}

const [width, margin, head] = [960, 8, 52];
const most = { models: 5, series: 24, byDefault: 4 };
const colours = ["forecast", "other-1", "other-2", "other-3", "other-4"].map((name) => `var(--${name})`);

const byName =
  "Pass them by name: drawBacktest({ ets: await backtest(ets(), load, { horizon: 24, folds: 5 }) }).";

function refuseNoBacktests(backtests: unknown): void {
  if (typeof backtests !== "object" || backtests === null || Array.isArray(backtests))
    throw new TsopsError(
      "MONITOR_INVALID",
      `drawBacktest() takes backtests by name, got ${shown(backtests)}.`,
      {
        hint: byName,
      },
    );
  for (const [name, result] of Object.entries(backtests))
    if (!(Array.isArray(result?.series) && Array.isArray(result.byStep)))
      throw new TsopsError("MONITOR_INVALID", `"${name}" is no result of backtest(), got ${shown(result)}.`, {
        hint: byName,
      });
}

/**
 * Backtests as an SVG file of its own: for some series the forecasts of all folds of every model, those of the first with their intervals, beside what came; then the error by step of every model, and how many outcomes lay within
 * its intervals by step, beside what was promised. Errors are in units of the seasonal naive error (MASE) where all series have a scale, else in the target's.
 * @param backtests - By the names of their models, at most five; the cutoffs are those of the first.
 * @returns SVG that follows the reader's light or dark setting, and needs no font or network.
 * @throws TsopsError MONITOR_INVALID (no backtest, too many, horizons that differ, a key that was not backtested), ADAPTER_MISSING_DEPENDENCY.
 * @example
 * await writeFile("backtest.svg", await drawBacktest({ ets: etsResult, naive: naiveResult }, { history: load }));
 */
export async function drawBacktest(
  backtests: Readonly<Record<string, BacktestResult>>,
  options: DrawBacktestOptions = {},
): Promise<string> {
  checkOptions("MONITOR_INVALID", "drawBacktest()", options, { history: true, keys: true, title: true });
  refuseNoBacktests(backtests);
  const models = Object.entries(backtests).map(([name, result], i) => ({
    name,
    result,
    colour: colours[i] as string,
  }));
  const [first] = models;
  if (first === undefined || models.length > most.models)
    throw new TsopsError(
      "MONITOR_INVALID",
      `A drawing shows 1 to ${most.models} backtests, got ${models.length}.`,
      {
        hint: byName,
      },
    );
  const steps = first.result.byStep.length;
  const other = models.find(({ result }) => result.byStep.length !== steps);
  if (other !== undefined)
    throw new TsopsError(
      "MONITOR_INVALID",
      `"${first.name}" was backtested over ${steps} steps, "${other.name}" over ${other.result.byStep.length}.`,
      { hint: "Backtest all models with the same horizon." },
    );
  const chosen = chosenSeries(first.result, options.keys);
  const charts = await loadCharts();
  const across = chosen.length === 1 ? 1 : 2;
  const size = {
    width: Math.floor((width - margin * (across - 1)) / across),
    height: across === 1 ? 300 : 200,
  };
  const pieces = chosen.map((s, i) => {
    const points = backtestPoints(first.result, s);
    const before = options.history === undefined ? [] : rowsBefore(options.history, first.result, s);
    const name = nameOf(first.result.series[s] as SeriesKey);
    const others = models.slice(1).flatMap(({ result, colour }) => {
      const place = result.series.findIndex((key) => nameOf(key) === name);
      return place < 0 ? [] : [{ colour, points: backtestPoints(result, place) }];
    });
    const x = (i % across) * (size.width + margin);
    const y = head + Math.floor(i / across) * (size.height + 22);
    return `${caption(name, x, y, size.width)}${placed(seriesChart(charts, points, others, before, size), x, y + 18)}`;
  });
  const below = head + Math.ceil(chosen.length / across) * (size.height + 22) + 8;
  const half = { width: Math.floor((width - margin) / 2), height: 220 };
  const isScaled = models.every(({ result }) => result.byStep.every(({ mase }) => Number.isFinite(mase)));
  const error = isScaled ? "mase" : "mae";
  const withIntervals = models.filter(({ result }) => result.levels.length > 0);
  pieces.push(
    caption(`${isScaled ? "MASE" : "Mean absolute error"} by step`, 0, below, half.width),
    placed(errorChart(charts, models, error, half), 0, below + 36),
  );
  const modelLegend = (shown: readonly Model[], x: number): string =>
    legendLine(
      shown.map(({ name, colour }) => [swatch(colour, "line"), name] as const),
      x + 8,
      below + 18,
    );
  pieces.push(modelLegend(models, 0));
  if (withIntervals.length > 0) {
    const x = half.width + margin;
    const levels =
      withIntervals.length === 1 ? (withIntervals[0] as Model).result.levels : [commonLevel(withIntervals)];
    const promised = levels.map((level) => `${level} %`).join(" and ");
    pieces.push(
      caption(`Outcomes within the intervals of ${promised} (dashed) by step`, x, below, half.width),
      modelLegend(withIntervals, x),
      placed(coverageChart(charts, withIntervals, levels, half), x, below + 36),
    );
  }
  const names = models.map(({ name }) => name).join(", ");
  return picture(
    {
      width,
      height: below + half.height + 44,
      title: options.title ?? `Backtest of ${names}`,
      label: `Line charts of a backtest of ${names}: forecasts of ${first.result.byFold.length} folds beside outcomes for ${chosen.length} series, then errors and coverage by step`,
    },
    `${legendLine(seriesLegend(models), 8, 28)}${pieces.join("")}`,
  );
}

/** A backtest with its colour. */
interface Model {
  readonly name: string;
  readonly result: BacktestResult;
  readonly colour: string;
}

function chosenSeries({ series }: BacktestResult, keys: readonly SeriesKey[] | undefined): readonly number[] {
  if (keys === undefined) return series.slice(0, most.byDefault).map((_, s) => s);
  if (keys.length === 0 || keys.length > most.series)
    throw new TsopsError(
      "MONITOR_INVALID",
      `A drawing shows 1 to ${most.series} series, got ${keys.length}.`,
      {
        hint: "Name some of them with keys, or leave keys out.",
      },
    );
  const places = new Map(series.map((key, s) => [nameOf(key), s]));
  return keys.map((key) => {
    const place = places.get(nameOf(key));
    if (place !== undefined) return place;
    throw new TsopsError("MONITOR_INVALID", `The series ${nameOf(key)} was not backtested.`, {
      hint: "See result.series, and result.failures for those that could not be fitted.",
      details: { key },
    });
  });
}

/** The key's values; names in the order of the alphabet, so that the order in which they are given does not matter. */
function nameOf(key: SeriesKey): string {
  const entries = Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries
    .map(([name, value]) => (entries.length === 1 ? String(value) : `${name} ${value}`))
    .join(", ");
}

/** The least level that all have. */
function commonLevel(models: readonly Model[]): number {
  const [first, ...others] = models as [Model, ...Model[]];
  const level = first.result.levels.find((one) => others.every(({ result }) => result.levels.includes(one)));
  if (level !== undefined) return level;
  throw new TsopsError("MONITOR_INVALID", "The backtests have no interval level in common.", {
    hint: "Backtest all models with the same levels.",
    details: { levels: models.map(({ name, result }) => ({ name, levels: result.levels })) },
  });
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function seriesChart(
  { Plot, svg }: ChartRenderer,
  points: readonly BacktestPoint[],
  others: readonly { readonly colour: string; readonly points: readonly BacktestPoint[] }[],
  before: readonly { readonly at: Date; readonly y: number }[],
  size: Size,
): string {
  // Folds may overlap: an instant has one outcome.
  const all = [...before, ...others.flatMap((other) => other.points), ...points];
  const outcomes = new Map(all.map(({ at, y }) => [at.getTime(), { at, y }]));
  const cutoffs = [...new Set(points.map(({ cutoff }) => cutoff.getTime()))].map((at) => new Date(at));
  return svg(
    {
      ...size,
      marginLeft: 54,
      marginRight: 10,
      marginTop: 12,
      marginBottom: 26,
      x: { type: "utc", label: null, ticks: Math.round(size.width / 110) },
      y: { grid: true, nice: true, label: null, ticks: 5 },
      marks: [
        ...intervalBands(Plot, points, { x: "at", z: "fold" }),
        Plot.ruleX(cutoffs, { stroke: "var(--muted)", strokeDasharray: "3 3" }),
        Plot.lineY(
          [...outcomes.values()].sort((a, b) => a.at.getTime() - b.at.getTime()),
          { x: "at", y: "y", stroke: "currentColor", strokeWidth: 1.25 },
        ),
        ...[...others, { colour: "var(--forecast)", points }].flatMap((one) => [
          Plot.lineY(one.points, { x: "at", y: "mean", z: "fold", stroke: one.colour, strokeWidth: 1.75 }),
          // A line of one point is none.
          ...(points.length === cutoffs.length
            ? [Plot.dot(one.points, { x: "at", y: "mean", r: 2.5, fill: one.colour })]
            : []),
        ]),
      ],
    },
    "series",
  );
}

function errorChart(
  { Plot, svg }: ChartRenderer,
  models: readonly Model[],
  error: "mase" | "mae",
  size: Size,
): string {
  return svg(
    {
      ...byStep(size, models),
      y: { grid: true, nice: true, zero: true, label: null, ticks: 5 },
      marks: models.flatMap(({ result, colour }) => [
        Plot.lineY(result.byStep, { x: "step", y: error, stroke: colour, strokeWidth: 1.75 }),
        ...(result.byStep.length === 1
          ? [Plot.dot(result.byStep, { x: "step", y: error, fill: colour })]
          : []),
      ]),
    },
    "errors",
  );
}

function coverageChart(
  { Plot, svg }: ChartRenderer,
  models: readonly Model[],
  levels: readonly number[],
  size: Size,
): string {
  const lines = models.flatMap(({ result, colour }) =>
    levels.map((level) => ({
      colour,
      level,
      points: result.byStep.map(({ step, intervals }) => ({
        step,
        share: 100 * (intervals.find((interval) => interval.level === level)?.coverage ?? Number.NaN),
      })),
    })),
  );
  const shares = lines.flatMap(({ points }) => points.map(({ share }) => share)).filter(Number.isFinite);
  const least = Math.min(...levels, ...shares);
  return svg(
    {
      ...byStep(size, models),
      y: { grid: true, label: null, ticks: 5, domain: [Math.max(0, Math.floor(least / 10) * 10 - 10), 100] },
      marks: [
        Plot.ruleY(levels, { stroke: "var(--muted)", strokeDasharray: "5 4" }),
        ...lines.flatMap(({ colour, level, points }) => [
          Plot.lineY(points, {
            x: "step",
            y: "share",
            stroke: colour,
            strokeWidth: level === levels[0] ? 1.75 : 1,
          }),
          ...(points.length === 1 ? [Plot.dot(points, { x: "step", y: "share", fill: colour })] : []),
        ]),
      ],
    },
    "coverage",
  );
}

function byStep(size: Size, models: readonly Model[]) {
  const steps = models[0]?.result.byStep.map(({ step }) => step) ?? [];
  return {
    ...size,
    marginLeft: 54,
    marginRight: 10,
    marginTop: 12,
    marginBottom: 30,
    x: {
      label: null,
      ticks: Math.min(12, steps.length),
      tickFormat: (step: number) => (Number.isInteger(step) ? String(step) : ""),
      ...(steps.length === 1 ? { domain: [(steps[0] as number) - 1, (steps[0] as number) + 1] } : {}),
    },
  };
}

function seriesLegend(models: readonly Model[]): readonly (readonly [Html, string])[] {
  const entries = models.map(({ name, colour }) => [swatch(colour, "line"), name] as const);
  return [
    [swatch("var(--text)", "line"), "outcome"],
    ...(models.length === 1 ? [[swatch("var(--forecast)", "line"), "forecast"] as const] : entries),
    ...bandLegend(models[0]?.result.levels ?? []),
    [swatch("var(--muted)", "line", "3 3"), "cutoff"],
  ];
}
