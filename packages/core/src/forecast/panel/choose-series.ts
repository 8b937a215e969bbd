import { TsopsError } from "../../errors.ts";
import { shown } from "../../options.ts";
import type { Columns } from "../../schema/columns.ts";
import { takeColumns } from "../../schema/reshape.ts";
import { matchSeries } from "../absorb.ts";
import type { Panel, SeriesFailure, SeriesKey } from "./panel.ts";
import { takeSeries } from "./panel-slices.ts";
import { columnsOf, type RowsInput } from "./plain-rows.ts";
import { groupByKey, listSome, seriesName } from "./rows.ts";
import { seriesKeyText } from "./series-key.ts";

/**
 * Indexes of the asked series of a panel, ascending, each once; of all series when none is named.
 * @throws TsopsError KEY_UNKNOWN for what is no key, or listing the keys that are not among them, with the reason where the fit left one out.
 */
export function chooseSeries(
  panel: Pick<Panel, "series" | "failures">,
  keys: readonly SeriesKey[] | undefined,
): readonly number[] {
  if (keys === undefined) return panel.series.map((_, s) => s);
  refuseNoKeys(panel.series[0] ?? {}, keys);
  const found = matchSeries(keys, panel);
  refuseFailed(panel.failures ?? [], new Set(keys.filter((_, k) => found[k] === -1).map(seriesKeyText)));
  return [...new Set(found)].sort((a, b) => a - b);
}

function refuseNoKeys(example: SeriesKey, keys: readonly unknown[]): void {
  const wrong = keys.findIndex((key) => typeof key !== "object" || key === null || Array.isArray(key));
  if (wrong === -1) return;
  throw new TsopsError(
    "KEY_UNKNOWN",
    `Key ${wrong} is ${shown(keys[wrong])}, not an object of key columns.`,
    { hint: `Its keys are like ${seriesKeyText(example)}.`, details: { key: wrong } },
  );
}

function refuseFailed(failures: readonly SeriesFailure[], asked: ReadonlySet<string>): void {
  if (asked.size === 0) return;
  const refused = failures.filter(({ key }) => asked.has(seriesKeyText(key)));
  throw new TsopsError(
    "KEY_UNKNOWN",
    `The fit left out ${listSome(refused.map(({ key, message }) => `${seriesName(key)} (${message})`))}.`,
    {
      hint: "Ask for others, or fit again once these can be fitted; `failures` of the fitted forecaster lists all that were left out.",
      details: { count: refused.length, failures: refused.slice(0, 20) },
    },
  );
}

/** The chosen series of a panel; the panel itself when these are all. */
export function panelOfChosen<Known extends string>(
  panel: Panel<Known>,
  chosen: readonly number[],
): Panel<Known> {
  return chosen.length === panel.series.length ? panel : takeSeries(panel, chosen);
}

/** Blocks of `width` values, one a series: those of the chosen series. */
export function valuesOfChosen(values: Float64Array, chosen: readonly number[], width = 1): Float64Array {
  const picked = new Float64Array(chosen.length * width);
  chosen.forEach((s, i) => {
    picked.set(values.subarray(s * width, (s + 1) * width), i * width);
  });
  return picked;
}

/**
 * Rows of the chosen series of a panel.
 * @throws TsopsError KEY_UNKNOWN when rows are of none of its series.
 */
export function rowsOfChosen(input: RowsInput, panel: Panel, chosen: readonly number[]): Columns {
  const rows = columnsOf("predict({ future })", panel, input);
  if (chosen.length === panel.series.length) return rows;
  const { series, seriesOf } = groupByKey(rows, panel.spec.keys);
  const isChosen = new Set(chosen);
  const wanted = Array.from(matchSeries(series, panel), (s) => isChosen.has(s));
  const kept: number[] = [];
  seriesOf.forEach((group, row) => {
    if (wanted[group]) kept.push(row);
  });
  return takeColumns(rows, Int32Array.from(kept));
}
