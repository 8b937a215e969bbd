import type { SeriesKey } from "../../forecast/panel/panel.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import { aligned, figure } from "../aligned.ts";
import type { Guess } from "../table-file/guessed.ts";
import type { Untested } from "./choose-roles.ts";
import type { FoundTest } from "./companions.ts";
import type { ComparedColumn, Comparison, UntestedColumn } from "./compare.ts";
import type { FileWindow } from "./cut-windows.ts";
import { heatLines } from "./heat-lines.ts";
import type { DriftData, FileSeries } from "./read-series.ts";

/** A window of a file with what was found. */
export interface TestedWindow extends Omit<FileWindow, "pairs"> {
  readonly comparison: Comparison;
}

/** What `tsops drift` came to. */
export interface DriftReport {
  readonly data: DriftData;
  readonly alpha: number;
  readonly keys: readonly string[];
  readonly seasons: readonly number[];
  /** Columns that the files do not have in a form that could be tested. */
  readonly untested: readonly Untested[];
  /** Of two files: what the reference has and the other file does not. */
  readonly lost: { readonly columns: readonly string[]; readonly series: readonly SeriesKey[] };
  readonly guessed: readonly Guess[];
  readonly notes: readonly string[];
  /** The page that was written. */
  readonly html: string | null;
  /** Of two files; null for windows. */
  readonly comparison: Comparison | null;
  /** Of one file, oldest first; empty for two. */
  readonly windows: readonly TestedWindow[];
}

/** Whether anything drifts; a column or a series that is gone could not drift further. */
export function hasDrift({ comparison, windows, lost }: DriftReport): boolean {
  if (lost.columns.length + lost.series.length > 0) return true;
  return comparison?.drift ?? windows.some(windowDrifts);
}

/** Whether anything drifts in a window, or a series ends before it. */
export function windowDrifts({ comparison, lost }: TestedWindow): boolean {
  return comparison.drift || lost.length > 0;
}

/** The report as data for `--json`. */
export function driftData(report: DriftReport): Readonly<Record<string, unknown>> {
  const { data, comparison, windows } = report;
  const shared = {
    alpha: report.alpha,
    drift: hasDrift(report),
    frequency: data.axis.text,
    seasons: report.seasons,
    guessed: report.guessed,
    notes: report.notes,
    ...(report.html === null ? {} : { html: report.html }),
  };
  if (comparison !== null) {
    const [reference, current] = data.files as [FileSeries, FileSeries];
    return {
      ...shared,
      ...comparisonData(comparison, report.keys),
      lost: report.lost.columns,
      ...lostSeries(report.lost.series, report.keys),
      untested: [...report.untested, ...untestedData(comparison.untested, report.keys)],
      reference: fileData(reference, data),
      current: fileData(current, data),
    };
  }
  return {
    ...shared,
    file: fileData(data.files[0] as FileSeries, data),
    untested: report.untested,
    windows: windows.map((window) => ({
      from: data.textOf(window.from),
      to: data.textOf(window.to),
      rows: window.rows,
      reference: {
        from: data.textOf(window.referenceFrom),
        to: data.textOf(window.referenceTo),
        rows: window.referenceRows,
      },
      drift: windowDrifts(window),
      ...comparisonData(window.comparison, report.keys),
      ...lostSeries(window.lost, report.keys),
      untested: untestedData(window.comparison.untested, report.keys),
    })),
  };
}

function lostSeries(lost: readonly SeriesKey[], keys: readonly string[]) {
  return keys.length === 0 ? {} : { lostSeries: lost.map((key) => keyData(key, keys).key) };
}

function fileData({ path, rows, from, to }: FileSeries, { textOf }: DriftData) {
  return { file: path, rows, from: textOf(from), to: textOf(to) };
}

function comparisonData({ columns }: Comparison, keys: readonly string[]) {
  return {
    columns: columns.map(({ key, column, pValue, adjustedPValue, drift, tests }) => ({
      ...keyData(key, keys),
      column,
      pValue,
      adjustedPValue,
      drift,
      tests: tests.map(({ test, statistic, pValue: p, effect, unit, sentence }) => ({
        test,
        statistic: finite(statistic),
        pValue: p,
        effect: finite(effect),
        unit,
        sentence,
      })),
    })),
  };
}

function untestedData(untested: readonly UntestedColumn[], keys: readonly string[]) {
  return untested.map(({ key, column, reason }) => ({ ...keyData(key, keys), column, reason }));
}

function keyData(key: SeriesKey, keys: readonly string[]) {
  if (keys.length === 0) return {};
  const values = Object.entries(key).map(([name, value]) => [
    name,
    // JSON's numbers lose what a double does.
    typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value,
  ]);
  return { key: Object.fromEntries(values) as Record<string, unknown> };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** A series as people name it: its values. */
export function keyText(key: SeriesKey): string {
  return Object.values(key).map(String).join(", ");
}

/** Rows of the table, sentences, and rows of what could not be tested that are printed at most. */
const [mostRows, mostSentences, mostUntested] = [60, 40, 20];

/** The report for people. */
export function driftText(report: DriftReport): string {
  return (report.comparison === null ? windowLines(report) : pairLines(report, report.comparison)).join("\n");
}

function pairLines(report: DriftReport, comparison: Comparison): string[] {
  const { data, alpha, keys } = report;
  const flagged = comparison.columns.filter(({ drift }) => drift);
  const head = [...keys, "column", "drift", "adjusted p", "strongest test", "statistic", "p", "effect"];
  const all = comparison.columns;
  const shown = all.length <= mostRows ? all : (flagged.length > 0 ? flagged : all).slice(0, mostRows);
  const rows = shown.map((column) => [
    ...keys.map((name) => String(column.key[name] ?? "")),
    column.column,
    column.drift ? "DRIFT" : "-",
    probability(column.adjustedPValue),
    ...strongest(column.tests[0]),
  ]);
  return [
    ...data.files.map((file, i) => `${i === 0 ? "reference" : "current  "} ${fileLine(file, data)}`),
    settingsLine(report),
    "",
    ...aligned([head, ...rows], keys.length + 2),
    ...(shown.length < all.length
      ? [
          `... and ${all.length - shown.length} more${flagged.length > 0 && flagged.length <= mostRows ? " without drift" : ""}; --json has all`,
        ]
      : []),
    "",
    verdict(flagged.length, comparison.columns.length, keys.length > 0, alpha),
    ...lostLines(report),
    ...listed(flagged.map((column) => `  ${prefix(column.key)}${column.tests[0]?.sentence ?? ""}`)),
    ...untestedLines([
      ...report.untested.map(({ column, reason }) => `${column}: ${reason}`),
      ...comparison.untested.map(untestedText),
    ]),
    ...writtenLine(report),
  ];
}

function windowLines(report: DriftReport): string[] {
  const { data, windows, alpha } = report;
  const [file] = data.files as [FileSeries];
  const drifting = windows.filter(windowDrifts);
  const sentences = windows.flatMap(({ from, comparison, lost }) =>
    [
      ...lost.map((key) => `${prefix(key)}no row any more.`),
      ...comparison.columns
        .filter(({ drift }) => drift)
        .map(({ key, tests }) => `${prefix(key)}${tests[0]?.sentence ?? ""}`),
    ].map((text) => `  ${data.textOf(from)}  ${text}`),
  );
  const untested = new Map<string, number>();
  for (const { comparison } of windows)
    for (const one of comparison.untested) {
      const text = untestedText(one);
      untested.set(text, (untested.get(text) ?? 0) + 1);
    }
  const shown = sentences.slice(-mostSentences);
  return [
    fileLine(file, data),
    settingsLine(report),
    "",
    ...heatLines(
      windows.map(({ from, comparison }) => ({ name: data.textOf(from), columns: comparison.columns })),
      (column) => `${prefix(column.key)}${column.column}`,
    ),
    "",
    `${drifting.length} of ${windows.length} windows drift, each at a false-discovery rate of ${alpha} over its columns${report.keys.length > 0 ? " and series" : ""}; with nothing changed, about ${percent(alpha)} of the windows do.`,
    ...(shown.length < sentences.length
      ? [`The newest ${shown.length} of ${sentences.length} findings (--json and --html have all):`]
      : []),
    ...shown,
    ...untestedLines([
      ...report.untested.map(({ column, reason }) => `${column}: ${reason}`),
      ...[...untested].map(([text, count]) => `${text} (${count} of ${windows.length} windows)`),
    ]),
    ...writtenLine(report),
  ];
}

function fileLine({ path, rows, from, to, series }: FileSeries, { textOf }: DriftData): string {
  const many = series.length > 1 ? `${series.length.toLocaleString("en-US")} series, ` : "";
  return `${path}: ${many}${rows.toLocaleString("en-US")} ${rows === 1 ? "row" : "rows"}, ${textOf(from)} to ${textOf(to)}`;
}

function settingsLine({ data, seasons }: DriftReport): string {
  const of =
    seasons.length === 0
      ? "no season"
      : `${seasons.length === 1 ? "season" : "seasons"} of ${listSome(seasons.map(String))} steps`;
  return `${data.axis.text}, ${of}`;
}

function verdict(flagged: number, all: number, hasKeys: boolean, alpha: number): string {
  const [one, many] = hasKeys
    ? ["pair of series and column", "pairs of series and column"]
    : ["column", "columns"];
  const what = all === 1 ? one : many;
  return `${flagged === 0 ? "no drift: 0" : `drift: ${flagged}`} of ${all} ${what} at a false-discovery rate of ${alpha}`;
}

function lostLines({ data, lost }: DriftReport): string[] {
  const line = (names: readonly string[], one: string, many: string) =>
    names.length === 0
      ? []
      : [
          `drift: ${data.files.at(-1)?.path} has lost ${names.length === 1 ? one : `${names.length} ${many}`}: ${listSome(names)}`,
        ];
  return [
    ...line(lost.columns, "a column", "columns"),
    ...line(lost.series.map(keyText), "a series", "series"),
  ];
}

function listed(lines: readonly string[]): string[] {
  const shown = lines.slice(0, mostSentences);
  return shown.length < lines.length
    ? [...shown, `  ... and ${lines.length - shown.length} more`]
    : [...shown];
}

function untestedLines(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const shown = lines.slice(0, mostUntested).map((line) => `  ${line}`);
  return [
    "not tested:",
    ...shown,
    ...(shown.length < lines.length ? [`  ... and ${lines.length - shown.length} more`] : []),
  ];
}

function untestedText({ key, column, reason }: UntestedColumn): string {
  return column === null ? reason : `${prefix(key)}${column}: ${reason}`;
}

function writtenLine({ html }: DriftReport): string[] {
  return html === null ? [] : [`wrote ${html}`];
}

function prefix(key: SeriesKey): string {
  const text = keyText(key);
  return text === "" ? "" : `${text}: `;
}

/** Units that are too long for a table. */
const shortUnits: Readonly<Record<string, string>> = {
  "units of the column": "",
  "share of rows": "of rows",
  "Kolmogorov-Smirnov distance": "KS",
  "sum of autoregressive coefficients": "",
};

function strongest(test: FoundTest | undefined): readonly string[] {
  if (test === undefined) return ["-", "-", "-", "-"];
  const unit = Object.hasOwn(shortUnits, test.unit) ? shortUnits[test.unit] : test.unit;
  return [
    test.test,
    figure(test.statistic),
    probability(test.pValue),
    `${figure(test.effect)}${unit === "" ? "" : ` ${unit}`}`,
  ];
}

function probability(value: number): string {
  return value > 0 && value < 0.0001 ? value.toExponential(1) : value.toFixed(4);
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** Adds the column to the series' key. */
export function columnName({ key, column }: Pick<ComparedColumn, "key" | "column">): string {
  return `${prefix(key)}${column}`;
}
