import { TsopsError } from "../../errors.ts";
import type { Columns } from "../../schema/columns.ts";
import type { Covariate, Panel, SeriesKey } from "./panel.ts";
import { readCovariate } from "./read-covariate.ts";
import { listSome, seriesName } from "./rows.ts";

/**
 * A static column: the value of each series, NaN where none of its rows has one.
 * @throws TsopsError PANEL_INVALID listing the series that have more than one.
 */
export function staticColumn(
  columns: Columns,
  name: string,
  series: readonly SeriesKey[],
  seriesOf: Int32Array,
): Covariate {
  const read = readCovariate(columns, name, "static");
  const values = new Float64Array(series.length).fill(Number.NaN);
  const changes = new Map<number, number>();
  read.values.forEach((value, row) => {
    const s = seriesOf[row] as number;
    if (Number.isNaN(values[s])) values[s] = value;
    else if (value !== values[s] && !Number.isNaN(value) && !changes.has(s)) changes.set(s, value);
  });
  refuseContradictions(
    `The static column "${name}" changes within`,
    [...changes]
      .sort(([a], [b]) => a - b)
      .map(([s, other]) => {
        const [first, second] = [values[s] as number, other].map((value) => shownValue(read, value));
        return `${seriesName(series[s] as SeriesKey)} (${first} and ${second})`;
      }),
    "A static column has one value per series: list what changes in time under knownFuture or pastOnly.",
  );
  return { ...read, values };
}

/** @throws TsopsError PANEL_INVALID listing the series without a value. */
export function refuseMissingStatics({ series, static: statics }: Panel): void {
  for (const { name, values } of statics) {
    const missing = series.filter((_, s) => Number.isNaN(values[s])).map(seriesName);
    if (missing.length === 0) continue;
    throw new TsopsError(
      "PANEL_INVALID",
      `The static column "${name}" is missing in all rows of ${listSome(missing)}.`,
      {
        hint: 'Give each series a value, e.g. the text "unknown", or leave these series out.',
        details: { column: name, count: missing.length, series: missing.slice(0, 20) },
      },
    );
  }
}

/**
 * Refuses rows that say something else of a series than its history; missing values say nothing.
 * @throws TsopsError PANEL_INVALID listing the series.
 */
export function refuseOtherStatics(history: Panel, added: Panel, seriesOf: Int32Array): void {
  for (const theirs of added.static) {
    const ours = history.static.find(({ name }) => name === theirs.name) as Covariate;
    const wrong = added.series.flatMap((key, a) => {
      const s = seriesOf[a] as number;
      const value = theirs.values[a] as number;
      if (s < 0 || Number.isNaN(value)) return [];
      const [held, given] = [shownValue(ours, ours.values[s] as number), shownValue(theirs, value)];
      return held === given ? [] : [`${seriesName(key)} (${given}, in the fit ${held})`];
    });
    refuseContradictions(
      `The static column "${theirs.name}" differs from the fit in`,
      wrong,
      "Leave the column out of rows for update, or fit again to change it.",
    );
  }
}

function refuseContradictions(what: string, wrong: readonly string[], hint: string): void {
  if (wrong.length === 0) return;
  throw new TsopsError("PANEL_INVALID", `${what} ${listSome(wrong)}.`, {
    hint,
    details: { count: wrong.length, series: wrong.slice(0, 20) },
  });
}

function shownValue({ categories }: Covariate, value: number): string {
  return categories === undefined ? String(value) : JSON.stringify(categories[value]);
}
