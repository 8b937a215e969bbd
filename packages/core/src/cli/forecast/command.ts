import { stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { throwIfAborted } from "../../abort.ts";
import { writeWhole } from "../../airflow/write-whole.ts";
import { TsopsError } from "../../errors.ts";
import { observedCounts, rowCounts } from "../../forecast/check.ts";
import type { Forecast } from "../../forecast/forecast.ts";
import type { PredictOptions } from "../../forecast/forecaster.ts";
import { checkLevels } from "../../forecast/levels.ts";
import { naive } from "../../forecast/models/naive.ts";
import { seasonalNaive } from "../../forecast/models/seasonal-naive.ts";
import type { Panel } from "../../forecast/panel.ts";
import { takeSeries } from "../../forecast/panel-slices.ts";
import { listSome } from "../../forecast/rows.ts";
import { exitCodes } from "../exit-codes.ts";
import { type ProgressBar, progressBar } from "../progress-bar.ts";
import { type CommandIo, type GlobalOptions, writeResult } from "../session.ts";
import { chooseColumns } from "./choose-columns.ts";
import {
  type ChosenForecaster,
  chooseForecaster,
  type ForecastTask,
  type ModelName,
  rowsNeeded,
  seasonalNaiveWithIntervals,
} from "./choose-forecaster.ts";
import type { TableFile } from "./companions.ts";
import { drawingOf, mostDrawn } from "./drawing.ts";
import { evaluate, planBacktest, type Score } from "./evaluate.ts";
import { type ForecastReport, reportData, reportText } from "./forecast-report.ts";
import { joinForecasts, tableColumns } from "./forecast-table.ts";
import { collectGuesses } from "./guessed.ts";
import { loadCompanion } from "./load-companion.ts";
import { knownColumns, readFuture } from "./read-future.ts";
import { type History, readHistory } from "./read-history.ts";
import { splitSeries } from "./split-series.ts";

/** Options of `tsops forecast`. */
export interface ForecastCommandOptions extends GlobalOptions {
  readonly time?: string;
  readonly timeFormat?: string;
  readonly target?: string;
  readonly key?: readonly string[];
  readonly freq: string;
  readonly zone?: string;
  readonly season?: readonly number[];
  readonly horizon: number;
  readonly level: readonly number[];
  readonly future?: string;
  readonly model: ModelName;
  readonly backtest: number;
  readonly out?: string;
  readonly plot?: string;
}

/** `tsops forecast <file>`: from a table of rows to a forecast, without a line of code. */
export async function forecastCommand(
  io: CommandIo,
  path: string,
  options: ForecastCommandOptions,
): Promise<number> {
  checkLevels(options.level);
  // Messages name files as they were given.
  const at = (name: string) => (io.cwd === process.cwd() ? name : resolve(io.cwd, name));
  await checkTargets(io.cwd, path, options);
  const bar = progressBar({ stream: io.stderr });
  const tell = (line: string) => {
    bar.stop();
    io.stderr.write(`${line}\n`);
  };
  try {
    const { tableFiles } = await loadCompanion("tsops forecast", "@tsops/store/files", io.cwd);
    await using file = await tableFiles.open(at(path), { signal: io.signal });
    await using future =
      options.future === undefined ? null : await tableFiles.open(at(options.future), { signal: io.signal });
    const report = await forecastFile({ io, path, file, future, options, bar, tell });
    const files = { out: options.out ?? null, plot: options.plot ?? null };
    if (options.out !== undefined) {
      const keys = report.history.panel.spec.keys;
      const columns = tableColumns(report.table, keys, report.history.panel.spec.time, report.history);
      const { style } = report.history;
      await tableFiles.write(at(options.out), columns, {
        timeStyle: style === "steps" ? "instant" : style,
        signal: io.signal,
      });
    }
    if (options.plot !== undefined) {
      const { drawForecasts } = await loadCompanion("tsops forecast --plot", "@tsops/monitor/report", io.cwd);
      if (report.table.series.length > mostDrawn)
        tell(`${options.plot} shows the first ${mostDrawn} of ${report.table.series.length} series`);
      const drawing = drawingOf(basename(path), report.target, report.table, report.history, options.horizon);
      await writeWhole(at(options.plot), await drawForecasts(drawing));
    }
    bar.stop();
    const whole: ForecastReport = { ...report, ...files };
    writeResult(io, options, options.json === true ? reportData(whole) : null, reportText(whole));
    return exitCodes.done;
  } finally {
    bar.stop();
  }
}

/** What cannot be written at the end is said before the work. */
async function checkTargets(cwd: string, path: string, options: ForecastCommandOptions): Promise<void> {
  const inputs = [path, ...(options.future === undefined ? [] : [options.future])].map((name) =>
    resolve(cwd, name),
  );
  for (const [option, name, extensions] of [
    ["--out", options.out, [".csv", ".tsv", ".parquet"]],
    ["--plot", options.plot, [".svg"]],
  ] as const) {
    if (name === undefined) continue;
    const target = resolve(cwd, name);
    if (!extensions.some((extension) => target.toLowerCase().endsWith(extension)))
      throw new TsopsError("CONFIG_INVALID", `${option} ${name} has no extension that is known.`, {
        hint: `Give it one of ${extensions.join(", ")}.`,
      });
    if (inputs.includes(target))
      throw new TsopsError(
        "CONFIG_INVALID",
        `${option} ${name} would overwrite what the forecast is made from.`,
        {
          hint: "Give another name.",
        },
      );
    const folder = await stat(dirname(target)).catch(() => null);
    if (folder?.isDirectory() !== true)
      throw new TsopsError("STORE_NOT_FOUND", `There is no folder ${dirname(target)} for ${option}.`, {
        hint: "Make it first.",
      });
    if ((await stat(target).catch(() => null))?.isDirectory() === true)
      throw new TsopsError("CONFIG_INVALID", `${option} ${name} is a folder.`, { hint: "Name a file." });
  }
}

interface Work {
  readonly io: CommandIo;
  readonly path: string;
  readonly file: TableFile;
  readonly future: TableFile | null;
  readonly options: ForecastCommandOptions;
  readonly bar: ProgressBar;
  readonly tell: (line: string) => void;
}

async function forecastFile(work: Work): Promise<Omit<ForecastReport, "out" | "plot">> {
  const { io, path, file, future, options, bar, tell } = work;
  const { horizon, level: levels } = options;
  const guesses = collectGuesses(tell);
  const roles = [options.time, options.target, ...(options.key ?? []), "y", "unique_id", "ds"];
  const shared =
    future === null
      ? []
      : knownColumns(
          path,
          file,
          options.future ?? "",
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
  const unused = file.columns.filter(
    (column) => !taken.includes(column) && !known.includes(column) && !column.name.startsWith("__"),
  );
  if (unused.length > 0)
    tell(
      `not used: ${listSome(
        unused.map(({ name }) => name),
        8,
      )}${future === null ? " (columns that are known for the future come with --future)" : ""}`,
    );
  const history = await readHistory(file, chosen, known, options, guesses, io.signal);
  const { panel, seasons } = history;
  const seasonLength = seasons[0] ?? 1;

  const task = { model: options.model, seasons, levels, horizon, known: known.map(({ name }) => name) };
  const typical = quantile(rowCounts(panel), 0.25);
  const split = splitSeries(panel, rowsNeeded({ ...task, rows: typical }));
  if (split.main === null && split.short === null)
    throw new TsopsError("PANEL_INVALID", `No value of "${chosen.target.name}" is known in any series.`, {
      hint: "Check the target column.",
    });
  const rows = split.main === null ? typical : Math.min(...observedCounts(split.main));
  const coming =
    split.main === null || future === null || known.length === 0
      ? null
      : await readFuture(options.future ?? "", future, history, split.main, chosen, horizon, io.signal);
  if (coming !== null && coming.unknownSeries.length > 0)
    tell(`series of ${options.future} that the history does not have: ${listSome(coming.unknownSeries)}`);
  const picked = await choose(work, { ...task, rows }, split.main, history);

  const forecasts: Forecast[] = [];
  if (split.main !== null) {
    const predicting: PredictOptions = { horizon, levels };
    const fitted = await picked.chosen.forecaster.fit(split.main, {
      horizon,
      signal: io.signal,
      progress: (event) =>
        bar({ ...event, task: event.task.startsWith("fit") ? event.task : `fit: ${event.task}` }),
    });
    throwIfAborted(io.signal);
    forecasts.push(fitted.predict(coming === null ? predicting : { ...predicting, future: coming.rows }));
  }
  if (split.short !== null) forecasts.push(...(await forecastShort(split.short, horizon, levels)));
  const order = panel.series.filter((key) => forecasts.some((forecast) => forecast.series.includes(key)));
  return {
    file: path,
    target: chosen.target.name,
    horizon,
    history,
    chosen: { model: picked.chosen.name, members: picked.chosen.members, because: picked.because },
    seasonLength,
    backtest: picked.backtest,
    split,
    guessed: guesses.list,
    table: joinForecasts(forecasts, order, levels),
  };
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
}

/** The forecaster with its backtest beside that of seasonal naive; which it has to beat unless it was named. */
async function choose(
  { io, options, bar, tell }: Work,
  task: ForecastTask,
  main: Panel | null,
  history: History,
): Promise<Picked> {
  const seasonLength = history.seasons[0] ?? 1;
  if (main === null)
    return {
      chosen: { name: "naive", members: ["naive"], forecaster: naive() },
      because: "all series are too short for more",
      backtest: null,
    };
  const wanted = options.model === "auto" ? "by default" : "as --model says";
  const { horizon } = options;
  const needed = Math.max(rowsNeeded(task), seasonLength);
  const plan = options.backtest === 0 ? null : planBacktest(main, horizon, options.backtest, needed);
  if (plan === null && options.backtest > 0) tell("no backtest: the history is too short for one");
  if (plan === null) return { chosen: chooseForecaster(task), because: wanted, backtest: null };
  if (plan.folds < options.backtest)
    tell(`the history is long enough for ${plan.folds} of ${options.backtest} folds of ${horizon} steps`);
  const before = Math.max(needed, Math.min(...rowCounts(plan.panel)) - plan.folds * horizon);
  const settings = { horizon, levels: options.level, seasonLength, signal: io.signal, progress: bar };
  const judged = chooseForecaster({ ...task, rows: before });
  const baseline = seasonalNaiveWithIntervals(seasonLength, { ...task, rows: before });
  const scores: Score[] = [
    await evaluate(judged.name, judged.forecaster, plan, settings),
    ...(options.model === "seasonalNaive"
      ? []
      : [await evaluate(`seasonalNaive (${seasonLength})`, baseline, plan, settings)]),
  ];
  const backtest = { folds: plan.folds, series: plan.panel.series.length, scores };
  const [own, naiveScore] = scores;
  if (options.model === "auto" && (own?.mae ?? 0) > (naiveScore?.mae ?? Number.POSITIVE_INFINITY))
    return {
      chosen: {
        name: "seasonalNaive",
        members: ["seasonalNaive"],
        forecaster: seasonalNaiveWithIntervals(seasonLength, task),
      },
      because: `${judged.name} was not better in the backtest`,
      backtest,
    };
  return { chosen: chooseForecaster(task), because: wanted, backtest };
}

/** The latest value; with intervals where there are changes to learn them from. */
async function forecastShort(short: Panel, horizon: number, levels: readonly number[]): Promise<Forecast[]> {
  const observed = observedCounts(short);
  const groups = [
    { forecaster: naive(), take: (count: number) => count > 2 },
    { forecaster: seasonalNaive({ seasonLength: 1 }), take: (count: number) => count <= 2 },
  ];
  const forecasts: Forecast[] = [];
  for (const { forecaster, take } of groups) {
    const chosen = short.series.flatMap((_, s) => (take(observed[s] as number) ? [s] : []));
    if (chosen.length === 0) continue;
    forecasts.push(
      (await forecaster.fit(takeSeries(short, chosen), { horizon })).predict({ horizon, levels }),
    );
  }
  return forecasts;
}

function quantile(values: Int32Array, share: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}
