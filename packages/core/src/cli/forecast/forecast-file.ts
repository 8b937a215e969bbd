import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import type { Combine, JudgedCandidate } from "../../forecast/auto/choice.ts";
import { growWithLevel } from "../../forecast/auto/error-growth.ts";
import type { FittedAuto } from "../../forecast/auto/fitted.ts";
import type { BacktestResult } from "../../forecast/backtest/result.ts";
import { observedCounts, rowCounts } from "../../forecast/check.ts";
import type { Forecast } from "../../forecast/forecast.ts";
import type { PredictOptions } from "../../forecast/forecaster.ts";
import { naive } from "../../forecast/models/naive.ts";
import { seasonalNaive } from "../../forecast/models/seasonal-naive.ts";
import { type PanelOutlier, withoutOutliers } from "../../forecast/outliers/outliers.ts";
import type { Panel, SeriesFailure } from "../../forecast/panel/panel.ts";
import { takeSeries } from "../../forecast/panel/panel-slices.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import { seriesKeyText } from "../../forecast/panel/series-key.ts";
import { durationMicros, formatDuration } from "../../time/duration.ts";
import type { ProgressBar } from "../progress-bar.ts";
import type { CommandIo } from "../session.ts";
import { collectGuesses } from "../table-file/guessed.ts";
import type { TableFile } from "../table-file/table-files.ts";
import { aggregationOf } from "./aggregate-rows.ts";
import { chooseColumns } from "./choose-columns.ts";
import {
  type ChosenForecaster,
  chooseForecaster,
  type ForecastTask,
  type ModelName,
  rowsNeeded,
  seasonalNaiveWithIntervals,
} from "./choose-forecaster.ts";
import { type Evaluation, evaluate, type Score } from "./evaluate.ts";
import type { ForecastReport } from "./forecast-report.ts";
import { joinForecasts } from "./forecast-table.ts";
import type { ForecastCommandOptions } from "./options.ts";
import { planFolds } from "./plan-backtest.ts";
import { checkFutureRows, emptyColumns, knownColumns, nothingKnown, readFuture } from "./read-future.ts";
import { type History, readHistory } from "./read-history.ts";
import { splitSeries, withFailures } from "./split-series.ts";
import { tellOfHistory } from "./tell-of-history.ts";
import { tellOfIntervals } from "./tell-of-intervals.ts";
import { passedOver, withoutSeason } from "./unused-season.ts";

/** A file to forecast, and where to tell of it. */
export interface ForecastWork {
  readonly io: CommandIo;
  readonly path: string;
  readonly file: TableFile;
  readonly future: TableFile | null;
  readonly options: ForecastCommandOptions;
  readonly bar: ProgressBar;
  readonly tell: (line: string) => void;
}

/** Reads a file, chooses a forecaster and forecasts. */
export async function forecastFile(work: ForecastWork): Promise<Omit<ForecastReport, "out" | "plot">> {
  const { io, path, file, future, options, bar } = work;
  const { horizon, level: levels } = options;
  const aggregation = aggregationOf(options);
  const notes: string[] = [];
  const tell = (line: string) => {
    notes.push(line);
    work.tell(line);
  };
  const guesses = collectGuesses(work.tell);
  const roles = [options.time, options.target, ...(options.key ?? []), "y", "unique_id", "ds"];
  const shared =
    future === null
      ? []
      : knownColumns(
          file,
          future,
          roles.filter((name) => name !== undefined),
        );
  const chosen = await chooseColumns(
    path,
    file,
    options,
    shared.map(({ name }) => name),
    guesses,
  );
  const taken = [chosen.time, chosen.target, ...chosen.keys];
  const known = shared.filter((column) => !taken.some(({ name }) => name === column.name));
  const unused = file.columns
    .filter((column) => !taken.includes(column) && !known.includes(column) && !column.name.startsWith("__"))
    .map(({ name }) => name);
  const empty = future === null ? [] : emptyColumns(future, unused);
  if (future !== null) {
    if (known.length === 0) throw nothingKnown(path, file, options.future ?? "", future, empty);
    checkFutureRows(options.future ?? "", future, chosen, known);
  }
  if (known.length > 0)
    guesses.add(
      "known-future columns",
      known.map(({ name }) => name).join(", "),
      "in both files",
      "--future with other columns",
    );
  refuseClash(
    [chosen.time, ...chosen.keys].map(({ name }) => name),
    levels,
  );
  if (unused.length > 0) {
    const why =
      future === null
        ? " (columns that are known for the future come with --future, which may name the same file)"
        : empty.length > 0
          ? ` (without a value in ${options.future}: ${listSome(empty, 8)})`
          : "";
    tell(`not used: ${listSome(unused, 8)}${why}`);
  }
  const history = await readHistory(file, chosen, known, options, guesses, io.signal, aggregation);
  const { panel, seasons } = history;
  const early = tellOfHistory(history, chosen.target.name, horizon, tell);
  const seasonLength = seasons[0] ?? 1;

  const task = {
    model: options.model,
    intervals: options.intervals,
    seasons,
    isSeasonSaid: options.season !== undefined,
    levels,
    horizon,
    // Shared by the fit of the backtest and the last one.
    budget: formatDuration(durationMicros(options.budget) / (options.backtest === 0 ? 1n : 2n)),
    known: known.map(({ name }) => name),
    isNegative: panel.y.some((value) => value < 0),
  };
  const typical = quantile(rowCounts(panel), 0.25);
  const split = splitSeries(panel, rowsNeeded(task));
  if (split.main === null && split.short === null)
    throw new TsopsError("PANEL_INVALID", `No value of "${chosen.target.name}" is known in any series.`, {
      hint: "Check the target column.",
    });
  const rows = split.main === null ? typical : least(observedCounts(split.main));
  const coming =
    split.main === null || future === null || known.length === 0
      ? null
      : await readFuture(options.future ?? "", future, history, split.main, chosen, horizon, io.signal);
  if (coming !== null && coming.unknownSeries.length > 0)
    tell(`series of ${options.future} that the history does not have: ${listSome(coming.unknownSeries)}`);
  // Left out of the backtest as they are of the fit.
  const cleaned = split.main === null ? null : withoutOutliers(split.main, { seasonLengths: seasons });
  const grows = cleaned !== null && growWithLevel(cleaned.panel, seasonLength);
  const picked = await choose({ ...work, tell }, { ...task, rows, growWithLevel: grows }, cleaned, history);

  tellOfIntervals(options, picked.chosen, picked.backtest?.scores[0] ?? null, tell);

  const forecasts: Forecast[] = [];
  let { members } = picked.chosen;
  let combine: Combine = "alone";
  let candidates: readonly JudgedCandidate[] = [];
  let failures: readonly SeriesFailure[] = [];
  if (split.main !== null && cleaned !== null) {
    const predicting: PredictOptions = { horizon, levels };
    const isAuto = picked.chosen.forecaster.kind === "auto";
    let { outliers } = cleaned;
    const fitted = await picked.chosen.forecaster.fit(isAuto ? split.main : cleaned.panel, {
      horizon,
      failures: "collect",
      signal: io.signal,
      progress: (event) =>
        bar({ ...event, task: event.task.startsWith("fit") ? event.task : `fit: ${event.task}` }),
    });
    throwIfAborted(io.signal);
    failures = fitted.failures ?? [];
    if (fitted.kind === "auto") {
      const { choice } = fitted as FittedAuto;
      outliers = choice.outliers;
      ({ members, combine, candidates } = choice);
      // Without a season it repeats the latest value.
      const named = (name: string) =>
        name === "seasonalNaive" && choice.referenceSeason === 1 ? "naive" : name;
      members = members.map(named);
      candidates = candidates.map((one) => ({ ...one, name: named(one.name) }));
      if (choice.seasonsTooLong.length > 0)
        tell(
          `seasons of ${listSome(choice.seasonsTooLong.map(String))} steps are not used: no series has two of them before what is held out`,
        );
    }
    tellOfOutliers(outliers, tell);
    const other = passedOver(picked.chosen.name as ModelName, seasons, most(rowCounts(split.main)));
    if (other !== null) tell(other);
    const without = withoutSeason(
      picked.chosen.name as ModelName,
      seasons,
      fitted,
      rowCounts(split.main),
      options.season !== undefined,
    );
    for (const line of without) tell(line);
    forecasts.push(fitted.predict(coming === null ? predicting : { ...predicting, future: coming.rows }));
  }
  if (split.short !== null) forecasts.push(...(await forecastShort(split.short, horizon, levels)));
  const done = new Set(forecasts.flatMap(({ series }) => series.map(seriesKeyText)));
  const order = panel.series.filter((key) => done.has(seriesKeyText(key)));
  return {
    file: path,
    target: chosen.target.name,
    horizon,
    history,
    chosen: { model: picked.chosen.name, combine, members, because: picked.because, candidates },
    seasonLength,
    backtest: picked.backtest,
    folds: picked.folds,
    split: withFailures(split, failures),
    guessed: guesses.list,
    notes,
    early: early.map(({ series, last }) => ({ series, last: history.textOf(last) })),
    table: joinForecasts(forecasts, order, levels),
  };
}

/** Names values that were left out of the fit. */
function tellOfOutliers(outliers: readonly PanelOutlier[], tell: (line: string) => void): void {
  if (outliers.length === 0) return;
  const named = outliers.map(
    ({ series, at, value, usual }) =>
      `${short(value)} at ${at}${series === "{}" ? "" : ` in ${series}`} (usual there: ${short(usual)})`,
  );
  tell(
    `left out of the fit as ${outliers.length === 1 ? "an outlier" : "outliers"}: ${listSome(named)}; intervals do not reckon with the like`,
  );
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Keys and time keep their names beside those of the forecast. */
function refuseClash(names: readonly string[], levels: readonly number[]): void {
  const forecast = ["mean", ...levels.flatMap((level) => [`lo-${level}`, `hi-${level}`])];
  const clash = names.find((name) => forecast.includes(name));
  if (clash !== undefined)
    throw new TsopsError(
      "CONFIG_INVALID",
      `The column "${clash}" has the name of a column of the forecast.`,
      {
        hint: "Rename it in the file.",
      },
    );
}

interface Picked {
  readonly chosen: ChosenForecaster;
  readonly because: string;
  readonly backtest: ForecastReport["backtest"];
  /** What was forecast in the backtest by what is chosen. */
  readonly folds: BacktestResult | null;
}

/** The forecaster with its backtest beside that of seasonal naive, which takes its place where it was clearly worse and not named. */
async function choose(
  { io, options, bar, tell }: ForecastWork,
  task: ForecastTask,
  cleaned: { readonly panel: Panel; readonly outliers: readonly PanelOutlier[] } | null,
  history: History,
): Promise<Picked> {
  const seasonLength = history.seasons[0] ?? 1;
  if (cleaned === null)
    return {
      chosen: { name: "naive", members: ["naive"], forecaster: naive(), hasPastErrors: false },
      because: "all series are too short for more",
      backtest: null,
      folds: null,
    };
  const { panel: main, outliers } = cleaned;
  const wanted = options.model === "auto" ? "by default" : "as --model says";
  const { horizon } = options;
  const fewest = Math.max(rowsNeeded(task), seasonLength);
  const plan = options.backtest === 0 ? null : planFolds(main, options.backtest, task, fewest, tell);
  if (plan === null && options.backtest !== 0)
    tell(
      `no backtest: it takes ${fewest} rows${fewest === seasonLength ? ", one season," : ""} before the ${horizon} that are held out, and ${main.series.length === 1 ? "the history has too few" : "too few series have them till the last time of all"}`,
    );
  if (plan === null) return { chosen: chooseForecaster(task), because: wanted, backtest: null, folds: null };
  const before = Math.max(fewest, least(rowCounts(plan.panel)) - plan.folds * horizon);
  // A choice takes time, and is a better one with more of it: the folds share one, as if it had been in use since the first of them.
  const refit = options.model !== "auto";
  const settings = {
    horizon,
    levels: options.level,
    seasonLength,
    outliers,
    refit,
    signal: io.signal,
    progress: bar,
  };
  const judged = chooseForecaster({ ...task, rows: before });
  const baseline = seasonalNaiveWithIntervals(seasonLength, { ...task, rows: before });
  const baselineName = seasonLength === 1 ? "naive" : `seasonalNaive (${seasonLength})`;
  const evaluations: Evaluation[] = [
    await evaluate(judged.name, judged.forecaster, plan, settings),
    ...(options.model === "seasonalNaive" || options.model === baselineName
      ? []
      : [await evaluate(baselineName, baseline, plan, { ...settings, refit: true })]),
  ];
  const scores = evaluations.map(({ score }) => score);
  const backtest = {
    folds: plan.folds,
    refit,
    series: plan.panel.series.length,
    outliers: evaluations[0]?.outliers ?? 0,
    scores,
  };
  const [own, other] = scores;
  const last = seasonalNaiveWithIntervals(seasonLength, task);
  const plain = seasonLength === 1 ? "naive" : "seasonalNaive";
  if (options.model === "auto" && isClearlyWorse(own, other))
    return {
      chosen: { name: plain, members: [plain], forecaster: last, hasPastErrors: true },
      because: `${judged.name} was clearly worse in the backtest`,
      backtest,
      folds: evaluations[1]?.result ?? null,
    };
  return { chosen: chooseForecaster(task), because: wanted, backtest, folds: evaluations[0]?.result ?? null };
}

/** Outcomes that tell apart what is hardly better, and fewest that tell anything; by how much the other has to be better where there are so many. */
const manyOutcomes = { rows: 50, margin: 1.05 };
const fewOutcomes = { rows: 8, margin: 1.5 };

/** Whether a forecaster is worse than another by more than chance and taste explain, in absolute errors (in units of the series' own, where they have a scale) and in squared ones. */
function isClearlyWorse(own: Score | undefined, other: Score | undefined): boolean {
  if (own === undefined || other === undefined || own.rows < fewOutcomes.rows) return false;
  const { margin } = own.rows < manyOutcomes.rows ? fewOutcomes : manyOutcomes;
  const exceeds = (a: number | null, b: number | null) => a !== null && b !== null && a > margin * b;
  return exceeds(own.mase ?? own.mae, other.mase ?? other.mae) && exceeds(own.rmse, other.rmse);
}

/** The latest value; with intervals where there are changes to learn them from. */
async function forecastShort(short: Panel, horizon: number, levels: readonly number[]): Promise<Forecast[]> {
  const observed = observedCounts(short);
  const groups = [
    { forecaster: naive(), take: (count: number) => count > 2, levels },
    { forecaster: seasonalNaive({ seasonLength: 1 }), take: (count: number) => count <= 2, levels: [] },
  ];
  const forecasts: Forecast[] = [];
  for (const { forecaster, take, levels } of groups) {
    const chosen = short.series.flatMap((_, s) => (take(observed[s] as number) ? [s] : []));
    if (chosen.length === 0) continue;
    forecasts.push(
      (await forecaster.fit(takeSeries(short, chosen), { horizon })).predict({ horizon, levels }),
    );
  }
  return forecasts;
}

function least(values: Int32Array): number {
  return values.reduce((smallest, value) => Math.min(smallest, value), Number.POSITIVE_INFINITY);
}

function most(values: Int32Array): number {
  return values.reduce((largest, value) => Math.max(largest, value), 0);
}

function quantile(values: Int32Array, share: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}
