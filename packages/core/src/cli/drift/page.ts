import { basename } from "node:path";
import { listSome } from "../../forecast/panel/rows.ts";
import type { DriftPage, DriftPageComparison } from "./companions.ts";
import type { ComparedColumn, UntestedColumn } from "./compare.ts";
import { columnName, type DriftReport, hasDrift, keyText, windowDrifts } from "./drift-report.ts";

/** The report as a page shows it. */
export function pageOf(report: DriftReport): DriftPage {
  const { data, comparison, windows, alpha, keys, seasons } = report;
  const names = data.files.map(({ path }) => basename(path));
  const [first, last] = [data.files[0], data.files.at(-1)];
  const isByWindow = comparison === null;
  const comparisons: readonly DriftPageComparison[] =
    comparison === null
      ? windows.map((window) => ({
          name: data.textOf(window.from),
          note: `${window.rows.toLocaleString("en-US")} rows against ${window.referenceRows.toLocaleString("en-US")} from ${data.textOf(window.referenceFrom)} on${window.lost.length === 0 ? "" : `; lost: ${listSome(window.lost.map(keyText))}`}`,
          columns: window.comparison.columns.map(pageColumn),
        }))
      : [{ name: names[1] ?? "", note: "", columns: comparison.columns.map(pageColumn) }];
  const what = keys.length > 0 ? "columns of series" : "columns";
  const counted = comparisons.map(({ columns }) => columns.filter(({ drift }) => drift).length);
  const flagged = windows.filter(windowDrifts).length;
  const lost = report.lost.columns.length + report.lost.series.length;
  const untested =
    comparison === null ? windows.flatMap((one) => one.comparison.untested) : comparison.untested;
  return {
    title: isByWindow ? `Drift in ${names[0]}` : `Drift from ${names[0]} to ${names[1]}`,
    lead: isByWindow
      ? `Windows from ${data.textOf(first?.from as bigint)} to ${data.textOf(first?.to as bigint)}, each against the rows before it, beyond what season and autocorrelation explain.`
      : `Rows from ${data.textOf(last?.from as bigint)} to ${data.textOf(last?.to as bigint)} against those from ${data.textOf(first?.from as bigint)} to ${data.textOf(first?.to as bigint)}, beyond what season and autocorrelation explain.`,
    alpha,
    tiles: [
      isByWindow
        ? {
            name: "Windows that drift",
            value: `${flagged} of ${windows.length}`,
            note: "any column, or a series lost",
          }
        : {
            name: "Verdict",
            value: hasDrift(report) ? "drift" : "no drift",
            note: `${counted[0]} of ${comparisons[0]?.columns.length} ${what}${lost === 0 ? "" : `, ${lost} lost`}`,
          },
      {
        name: "False-discovery rate",
        value: String(alpha),
        note: `over the ${what}${isByWindow ? " of a window" : ""}`,
      },
      {
        name: "Frequency",
        value: data.axis.text,
        note: seasons.length === 0 ? "no season" : `seasons of ${listSome(seasons.map(String))} steps`,
      },
      {
        name: "Rows",
        value: data.files.map(({ rows }) => rows.toLocaleString("en-US")).join(" / "),
        note: isByWindow ? `${first?.series.length} series` : "reference / current",
      },
    ],
    isByWindow,
    comparisons,
    untested: [...report.untested, ...distinctUntested(untested)],
    notes: [
      ...report.guessed.map(({ what: guess, value, because }) => `guessed ${guess}: ${value} (${because})`),
      ...report.notes,
    ],
  };
}

function pageColumn(column: ComparedColumn) {
  const { pValue, adjustedPValue, drift, tests } = column;
  return { column: columnName(column), pValue, adjustedPValue, drift, tests };
}

function distinctUntested(untested: readonly UntestedColumn[]) {
  const found = new Map<string, { column: string; reason: string }>();
  for (const { key, column, reason } of untested) {
    const name = columnName({ key, column: column ?? "all columns" });
    found.set(`${name}\n${reason}`, { column: name, reason });
  }
  return [...found.values()];
}
