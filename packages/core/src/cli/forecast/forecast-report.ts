import type { Combine, JudgedCandidate } from "../../forecast/auto/choice.ts";
import type { BacktestResult } from "../../forecast/backtest/result.ts";
import { listSome, seriesName } from "../../forecast/panel/rows.ts";
import { aligned, figure } from "../aligned.ts";
import type { Guess } from "../table-file/guessed.ts";
import type { Score } from "./evaluate.ts";
import type { ForecastTable } from "./forecast-table.ts";
import type { History } from "./read-history.ts";
import type { SplitSeries } from "./split-series.ts";

/** What a forecast came to. */
export interface ForecastReport {
  readonly file: string;
  readonly target: string;
  readonly horizon: number;
  readonly history: History;
  readonly chosen: {
    readonly model: string;
    readonly combine: Combine;
    readonly members: readonly string[];
    readonly because: string;
    /** What `auto` chose from, the best first; empty where a model was named. */
    readonly candidates: readonly JudgedCandidate[];
  };
  readonly seasonLength: number;
  /** Null where the history is too short for a backtest. */
  readonly backtest: {
    readonly folds: number;
    /** Whether each fold fitted anew. */
    readonly refit: boolean;
    readonly series: number;
    /** Outcomes that are outliers beyond doubt, and therefore not scored. */
    readonly outliers: number;
    readonly scores: readonly Score[];
  } | null;
  /** What was forecast in the backtest by what is chosen; null without one. */
  readonly folds: BacktestResult | null;
  readonly split: SplitSeries;
  readonly guessed: readonly Guess[];
  /** What was told about the data and the way they are forecast, besides the guesses. */
  readonly notes: readonly string[];
  /** Series that end before the others, with their last times. */
  readonly early: readonly { readonly series: string; readonly last: string }[];
  readonly table: ForecastTable;
  /** Files that were written. */
  readonly out: string | null;
  readonly plot: string | null;
}

/** The report as data for `--json`; the forecast itself only where no file has it. */
export function reportData(report: ForecastReport): Readonly<Record<string, unknown>> {
  const { history, backtest, split, table } = report;
  const { panel } = history;
  return {
    chosen: report.chosen,
    scores:
      backtest === null
        ? null
        : {
            folds: backtest.folds,
            horizon: report.horizon,
            refit: backtest.refit,
            series: backtest.series,
            seasonLength: report.seasonLength,
            outliers: backtest.outliers,
            models: backtest.scores,
          },
    guessed: report.guessed,
    notes: report.notes,
    series: {
      count: panel.series.length,
      rows: panel.times.length,
      frequency: history.axis.text,
      seasons: history.seasons,
      gaps: {
        rows: panel.gaps.reduce((sum, gap) => sum + gap.steps, 0),
        first: panel.gaps.slice(0, 20).map(({ series, from, steps }) => ({
          series: seriesName(panel.series[series] ?? {}),
          from: history.textOf(from),
          steps,
        })),
      },
      endingEarly: { count: report.early.length, first: report.early.slice(0, 20) },
      fallback: split.fallback,
      dropped: split.dropped,
    },
    ...(report.out === null ? { forecast: forecastRows(table, history) } : { out: report.out }),
    ...(report.plot === null ? {} : { plot: report.plot }),
  };
}

function forecastRows({ series, seriesIndex, times, mean, bounds }: ForecastTable, history: History) {
  const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? null : value);
  return Array.from(mean, (value, row) => ({
    key: Object.fromEntries(
      Object.entries(series[seriesIndex[row] as number] ?? {}).map(([name, one]) => [
        name,
        // JSON's numbers lose what a double does.
        typeof one === "bigint" ? (Number.isSafeInteger(Number(one)) ? Number(one) : String(one)) : one,
      ]),
    ),
    time: history.textOf(times[row] as bigint),
    mean: known(value),
    ...Object.fromEntries(
      bounds.flatMap(({ level, lower, upper }) => [
        [`lo-${level}`, known(lower[row])],
        [`hi-${level}`, known(upper[row])],
      ]),
    ),
  }));
}

/** Rows of a forecast that are printed, at most. */
const mostPrinted = 24;

/** The report for people. */
export function reportText(report: ForecastReport): string {
  const { history, chosen, backtest, split, table, horizon } = report;
  const { panel } = history;
  const count = (n: number, what: string) =>
    `${n.toLocaleString("en-US")} ${what}${n === 1 || what.endsWith("series") ? "" : "s"}`;
  const added = panel.gaps.reduce((sum, gap) => sum + gap.steps, 0);
  const lines = [
    `${report.file}: ${count(panel.series.length, "series")}, ${count(panel.times.length - added, "row")}, ${history.axis.text}`,
    ...(added > 0
      ? [
          `gaps: ${count(added, "row")} missing, taken as unknown values; the first from ${history.textOf(panel.gaps[0]?.from as bigint)} in ${seriesName(panel.series[panel.gaps[0]?.series ?? 0] ?? {})}`,
        ]
      : []),
    `chosen: ${chosen.model}${madeOf(chosen)} (${chosen.because})`,
    ...candidateLines(chosen.candidates),
  ];
  if (backtest === null) lines.push("no backtest");
  else {
    lines.push(
      `backtest of ${count(backtest.folds, "fold")} x ${count(horizon, "step")} on ${count(backtest.series, "series")}${backtest.refit || backtest.folds === 1 ? "" : ", fitted before the first"}:`,
      ...scoreLines(backtest.scores),
      ...outlierLines(backtest),
    );
  }
  if (split.fallback.length > 0)
    lines.push(
      `too short for that, forecast by their latest value (naive): ${listSome(split.fallback.map(({ series, rows }) => `${series} with ${rows} ${rows === 1 ? "value" : "values"}`))}`,
    );
  if (split.dropped.length > 0)
    lines.push(`left out: ${listSome(split.dropped.map(({ series, because }) => `${series} (${because})`))}`);
  const unbounded = seriesWithoutBounds(table);
  if (unbounded.length > 0)
    lines.push(
      `no intervals, as too few values are known to learn errors from: ${listSome(unbounded.map((key) => seriesName(key)))}`,
    );
  if (report.out !== null) lines.push(`wrote ${report.out}: ${count(table.mean.length, "row")}`);
  if (report.plot !== null) lines.push(`wrote ${report.plot}`);
  if (report.out === null) lines.push("", ...forecastLines(table, history));
  return lines.join("\n");
}

function seriesWithoutBounds({ series, seriesIndex, bounds }: ForecastTable): ForecastTable["series"] {
  const without = new Set<number>();
  for (const { lower } of bounds)
    lower.forEach((bound, row) => {
      if (Number.isNaN(bound)) without.add(seriesIndex[row] as number);
    });
  return series.filter((_, s) => without.has(s));
}

function madeOf({ model, combine, members }: ForecastReport["chosen"]): string {
  if (combine !== "alone") return `: the ${combine} of ${listSome(members, 8)}`;
  return members.length === 1 && members[0] !== model ? `: ${members[0]}` : "";
}

/** Scores are errors on held-out rows in units of seasonal naive's. */
function candidateLines(candidates: ForecastReport["chosen"]["candidates"]): string[] {
  const tried = candidates.filter(({ score }) => score !== null);
  const skipped = candidates.filter(({ score }) => score === null);
  return [
    ...(tried.length === 0
      ? []
      : [
          `from: ${tried.map(({ name, score }) => `${name} ${number(score, 3)}`).join("; ")} (errors on held-out rows, in units of seasonal naive's)`,
        ]),
    ...skipped.map(({ name, skipped: why }) => `not tried: ${name} (${why})`),
  ];
}

function scoreLines(scores: readonly Score[]): string[] {
  const levels = Object.keys(scores[0]?.coverage ?? {});
  const rows = scores.map(({ model, mase, smape, mae, rmse, coverage }) => [
    model,
    number(mase, 3),
    number(smape, 2),
    figure(mae),
    figure(rmse),
    ...levels.map((level) => {
      const share = coverage[level];
      return share === null || share === undefined ? "-" : `${(100 * share).toFixed(1)} %`;
    }),
  ]);
  const [first] = scores;
  const unscaled = first === undefined ? 0 : first.rows - first.scaledRows;
  const table = aligned([
    ["", "MASE", "sMAPE", "MAE", "RMSE", ...levels.map((level) => `in ${level} %`)],
    ...rows,
  ]).map((line) => `  ${line}`);
  return unscaled === 0
    ? table
    : [
        ...table,
        `  (MASE leaves out ${unscaled} of ${first?.rows} rows: the history of their series repeats itself exactly, or is no longer than a season)`,
      ];
}

/** Outcomes that are not scored, with what the scores would be with them. */
function outlierLines({ outliers, scores }: NonNullable<ForecastReport["backtest"]>): string[] {
  const all = scores[0]?.withOutliers?.rows;
  if (all === undefined) return [];
  const scored = scores.flatMap(({ model, withOutliers }) =>
    withOutliers === undefined
      ? []
      : [
          `${model} MASE ${number(withOutliers.mase, 3)}, MAE ${figure(withOutliers.mae)}, RMSE ${figure(withOutliers.rmse)}`,
        ],
  );
  return [
    `  (${outliers} of ${all} outcomes ${outliers === 1 ? "is an outlier" : "are outliers"} beyond doubt, and not scored; scored all the same: ${scored.join("; ")})`,
  ];
}

function forecastLines(
  { series, seriesIndex, times, mean, bounds }: ForecastTable,
  history: History,
): string[] {
  const shown = Math.min(mean.length, mostPrinted);
  const names = Object.keys(series[0] ?? {});
  const rows = Array.from({ length: shown }, (_, row) => [
    ...names.map((name) => String(series[seriesIndex[row] as number]?.[name] ?? "")),
    history.textOf(times[row] as bigint),
    figure(mean[row] as number),
    ...bounds.flatMap(({ lower, upper }) => [figure(lower[row] as number), figure(upper[row] as number)]),
  ]);
  const head = [...names, "time", "mean", ...bounds.flatMap(({ level }) => [`lo-${level}`, `hi-${level}`])];
  return [
    ...aligned([head, ...rows], names.length + 1),
    ...(shown < mean.length ? [`... ${mean.length - shown} more rows; --out forecast.csv writes all`] : []),
  ];
}

function number(value: number | null, digits: number): string {
  return value === null ? "-" : value.toFixed(digits);
}
