import { TsopsError } from "../../errors.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import { seriesKeyText } from "../../forecast/panel/series-key.ts";
import type { TimestampColumn } from "../../schema/columns.ts";
import { sliceColumns } from "../../schema/reshape.ts";
import { parseFrequency } from "../../time/frequency.ts";
import type { ProgressBar } from "../progress-bar.ts";
import type { CommandIo } from "../session.ts";
import { collectGuesses } from "../table-file/guessed.ts";
import { chooseRoles, type InputFile } from "./choose-roles.ts";
import { type Comparing, comparePairs, type Pair, refuseNothingTested } from "./compare.ts";
import { cutWindows, type FileWindow } from "./cut-windows.ts";
import { type DriftReport, keyText, type TestedWindow } from "./drift-report.ts";
import type { DriftCommandOptions } from "./options.ts";
import { type DriftData, type FileSeries, readSeries, type SeriesRows } from "./read-series.ts";
import { seasonsOf, whySeasons } from "./seasons.ts";

/** Files to compare, and where to tell of it. */
export interface DriftWork {
  readonly io: CommandIo;
  /** Reference and current file, or one file that is cut into windows. */
  readonly inputs: readonly InputFile[];
  readonly options: DriftCommandOptions;
  readonly tests: Pick<Comparing, "driftTest" | "benjaminiHochberg">;
  readonly bar: ProgressBar;
  readonly tell: (line: string) => void;
}

/** Share of the steps of a grid that have to have a row. */
const mostlyMissing = 0.6;

/** Reads the files and tests every column of every series. */
export async function driftFiles(work: DriftWork): Promise<Omit<DriftReport, "html">> {
  const { io, inputs, options, bar } = work;
  const notes: string[] = [];
  const tell = (line: string) => {
    notes.push(line);
    work.tell(line);
  };
  const guesses = collectGuesses(work.tell);
  const given = await chooseRoles(inputs, options, guesses);
  const isNamed = options.columns !== undefined;
  const data = await readSeries(inputs, given, isNamed, options, guesses, tell, io.signal);
  const { roles } = data;
  tellOfRows(data, roles.time, tell);
  const windows = inputs.length > 1 ? [] : cutWindows(data, options);
  const pairs = inputs.length > 1 ? pairsOf(data) : [];
  const total = pairs.length + windows.reduce((sum, window) => sum + window.pairs.length, 0);
  let done = 0;
  const reference = inputs.length > 1 ? (data.files[0] as FileSeries).series : firstReference(data, windows);
  const comparing: Comparing = {
    ...work.tests,
    data,
    time: roles.time,
    columns: roles.columns.map(({ name }) => name),
    seasons: seasonsOf(options, data, roles, reference),
    alpha: options.alpha,
    signal: io.signal,
    done: () => bar({ task: "compare", done: ++done, total }),
  };
  const comparison = inputs.length > 1 ? await comparePairs(pairs, comparing) : null;
  const tested: TestedWindow[] = [];
  for (const { pairs: own, ...window } of windows)
    tested.push({ ...window, comparison: await comparePairs(own, comparing) });
  const all = comparison === null ? tested.map((window) => window.comparison) : [comparison];
  refuseNothingTested(all);
  const seasons = all.find(({ columns }) => columns.length > 0)?.seasons ?? [];
  if (options.season === "auto")
    guesses.add(
      "season",
      seasons.length === 0 ? "none" : `${listSome(seasons.map(String))} steps`,
      whySeasons(data, seasons),
      "--season",
    );
  return {
    data,
    alpha: options.alpha,
    keys: roles.keys,
    seasons,
    untested: roles.untested,
    lost: {
      columns: roles.lost,
      series: pairs.filter(({ current }) => current === null).map(({ key }) => key),
    },
    guessed: guesses.list,
    notes,
    comparison,
    windows: tested,
  };
}

/** The rows of each series before the first window. */
function firstReference({ files }: DriftData, windows: readonly FileWindow[]): readonly SeriesRows[] {
  const end = windows[0]?.referenceTo;
  return (files[0] as FileSeries).series.flatMap((series) => {
    const later = end === undefined ? -1 : series.times.findIndex((time) => time >= end);
    if (later === 0) return [];
    return later < 0
      ? [series]
      : [
          {
            ...series,
            times: series.times.subarray(0, later),
            columns: sliceColumns(series.columns, 0, later),
          },
        ];
  });
}

/** Tells what a reader of the result should know about the rows. */
function tellOfRows({ files, axis, textOf }: DriftData, time: string, tell: (line: string) => void): void {
  const grid = parseFrequency(axis.frequency, { zone: axis.zone });
  for (const { path, series } of files) {
    let [rows, steps] = [0, 0];
    for (const { columns } of series) {
      const { values } = columns.data[time] as TimestampColumn;
      rows += values.length;
      steps += grid.indexOf(values[values.length - 1] as bigint) - grid.indexOf(values[0] as bigint) + 1;
    }
    if (steps - rows > mostlyMissing * steps)
      tell(
        `${(steps - rows).toLocaleString("en-US")} of ${steps.toLocaleString("en-US")} steps of ${axis.text} have no row in ${path}: is that the frequency? --freq says otherwise`,
      );
  }
  const [reference, current] = files;
  if (reference === undefined || current === undefined) return;
  const [from, to] = [
    reference.from > current.from ? reference.from : current.from,
    reference.to < current.to ? reference.to : current.to,
  ];
  if (from <= to)
    tell(
      `both files cover ${textOf(from)} to ${textOf(to)}: a change is harder to see where rows are in both`,
    );
}

/** The series of both files; those of one are told of. @throws TsopsError PANEL_INVALID where they have none in common */
function pairsOf({ files }: DriftData): readonly Pair[] {
  const [reference, current] = files as [FileSeries, FileSeries];
  const now = new Map(current.series.map((series) => [seriesKeyText(series.key), series]));
  const before = new Set(reference.series.map(({ key }) => seriesKeyText(key)));
  const pairs: Pair[] = reference.series.map(({ key, columns }) => ({
    key,
    reference: columns,
    current: now.get(seriesKeyText(key))?.columns ?? null,
  }));
  if (pairs.every((pair) => pair.current === null))
    throw new TsopsError(
      "PANEL_INVALID",
      `${reference.path} and ${current.path} have no series in common: ${listSome(
        reference.series.map(({ key }) => keyText(key)),
        3,
      )} in the one, ${listSome(
        current.series.map(({ key }) => keyText(key)),
        3,
      )} in the other.`,
      { hint: "Check that --key names the column that tells the same series apart in both." },
    );
  return [
    ...pairs,
    ...current.series
      .filter(({ key }) => !before.has(seriesKeyText(key)))
      .map(({ key, columns }): Pair => ({ key, reference: null, current: columns })),
  ];
}
