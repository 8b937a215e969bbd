import { closest } from "../did-you-mean.ts";
import { TsopsError } from "../errors.ts";
import { type Columns, isValid } from "../schema/columns.ts";
import { parseFrequency } from "../time/frequency.ts";
import { formatInstant } from "../time/instant.ts";
import { lastTimesOf, matchSeries } from "./absorb.ts";
import type { Forecast, ForecastQuantile } from "./forecast.ts";
import type { Panel, PanelSpec, SeriesKey } from "./panel/panel.ts";
import { columnsOf, type RowsInput } from "./panel/plain-rows.ts";
import {
  columnOfKind,
  groupByKey,
  listRows,
  listSome,
  numbersOf,
  refuseNulls,
  seriesName,
} from "./panel/rows.ts";
import { seriesKeyText } from "./panel/series-key.ts";

/** The instants of `horizon` steps after each series' last one, series by series. */
export function futureTimes(spec: PanelSpec, lastTimes: BigInt64Array, horizon: number): BigInt64Array {
  const frequency = parseFrequency(spec.frequency, { zone: spec.zone });
  const times = new BigInt64Array(lastTimes.length * horizon);
  lastTimes.forEach((last, s) => {
    // Series of one panel mostly end together.
    if (s > 0 && last === lastTimes[s - 1]) {
      times.copyWithin(s * horizon, (s - 1) * horizon, s * horizon);
      return;
    }
    const index = frequency.indexOf(last);
    for (let step = 1; step <= horizon; step++)
      times[s * horizon + step - 1] = frequency.instantAt(index + step);
  });
  return times;
}

/** Lays predictions (series by series, steps ascending) out as a forecast. */
export function forecastOf(
  panel: Panel,
  horizon: number,
  mean: Float64Array,
  quantiles: readonly ForecastQuantile[] = [],
): Forecast {
  const lastTimes = lastTimesOf(panel);
  const length = panel.series.length * horizon;
  const seriesIndex = new Int32Array(length);
  const step = new Int32Array(length);
  const cutoff = new BigInt64Array(length);
  for (let s = 0, row = 0; s < panel.series.length; s++) {
    seriesIndex.fill(s, row, row + horizon);
    cutoff.fill(lastTimes[s] as bigint, row, row + horizon);
    for (let h = 1; h <= horizon; h++) step[row++] = h;
  }
  return {
    length,
    series: panel.series,
    seriesIndex,
    step,
    time: futureTimes(panel.spec, lastTimes, horizon),
    cutoff,
    mean,
    quantiles,
  };
}

/**
 * How to bring the values of a forecast into the order of the given series, steps ascending; null when the forecast does not have
 * exactly these series and steps.
 */
export function arrangementOf(
  forecast: Forecast,
  series: readonly SeriesKey[],
  horizon: number,
): ((values: Float64Array) => Float64Array) | null {
  const wanted = new Map(series.map((key, s) => [seriesKeyText(key), s]));
  const positions = forecast.series.map((key) => wanted.get(seriesKeyText(key)) ?? -1);
  if (forecast.length !== series.length * horizon || positions.length !== series.length) return null;
  const targets = new Int32Array(forecast.length);
  const taken = new Uint8Array(forecast.length);
  for (let row = 0; row < forecast.length; row++) {
    const s = positions[forecast.seriesIndex[row] as number] ?? -1;
    const step = forecast.step[row] as number;
    const target = s * horizon + step - 1;
    if (s < 0 || step < 1 || step > horizon || taken[target] === 1) return null;
    taken[target] = 1;
    targets[row] = target;
  }
  return (values) => {
    const arranged = new Float64Array(values.length);
    for (let row = 0; row < values.length; row++) arranged[targets[row] as number] = values[row] as number;
    return arranged;
  };
}

/**
 * Known-future values of the steps after each series' last instant: per covariate of the history one value per series and
 * step. Rows of other instants are ignored.
 * @param needed - Covariates without which nothing can be predicted.
 * @throws TsopsError FUTURE_VALUES_MISSING (rows listed), VALUE_INVALID (text that neither the fit nor an update saw: rows listed), KEY_UNKNOWN (keys listed), PANEL_INVALID (duplicate rows), COLUMN_NOT_FOUND.
 */
export function readFuture(
  history: Panel,
  horizon: number,
  input: RowsInput | undefined,
  needed: readonly string[] = history.spec.knownFuture,
): Float64Array[] {
  const length = history.series.length * horizon;
  const values = history.known.map(() => new Float64Array(length).fill(Number.NaN));
  let elsewhere: readonly bigint[] = [];
  const future = input === undefined ? undefined : columnsOf("predict({ future })", history, input);
  if (future !== undefined && future.length > 0) {
    const targets = futureTargets(history, horizon, future);
    const times = columnOfKind(future, history.spec.time, ["timestamp"], "time").values;
    elsewhere = Array.from(times).filter((_, row) => targets[row] === otherInstant);
    history.known.forEach(({ name, categories }, k) => {
      if (!Object.hasOwn(future.data, name) && !needed.includes(name)) return;
      const found = futureValues(future, name, categories);
      if (categories !== undefined && needed.includes(name))
        refuseUnknownText(future, name, categories, found, targets);
      const target = values[k] as Float64Array;
      for (let row = 0; row < future.length; row++)
        if ((targets[row] as number) >= 0) target[targets[row] as number] = found[row] as number;
    });
  }
  refuseMissing(history, horizon, needed, values, future === undefined ? null : elsewhere);
  return values;
}

/** In the place of an index: rows of series that are not asked for, and rows of those that are, at instants that are none of the steps. */
const otherSeries = -1;
const otherInstant = -2;

/** Which series and step each future row is about, as an index into series x horizon. */
function futureTargets(history: Panel, horizon: number, rows: Columns): Int32Array {
  const { spec, series } = history;
  const grouped = groupByKey(rows, spec.keys);
  const seriesIndex = matchSeries(grouped.series, history);
  const time = columnOfKind(rows, spec.time, ["timestamp"], "time");
  refuseNulls(time, rows.length, `The time column "${spec.time}"`);
  const frequency = parseFrequency(spec.frequency, { zone: spec.zone });
  const lastIndexes = Array.from(lastTimesOf(history), (last) => frequency.indexOf(last));
  const targets = new Int32Array(rows.length).fill(otherSeries);
  const taken = new Uint8Array(series.length * horizon);
  for (let row = 0; row < rows.length; row++) {
    const instant = time.values[row] as bigint;
    const index = frequency.indexOf(instant);
    const s = seriesIndex[grouped.seriesOf[row] as number] as number;
    if (s < 0) continue;
    const step = index - (lastIndexes[s] as number);
    targets[row] = otherInstant;
    if (step < 1 || step > horizon || frequency.instantAt(index) !== instant) continue;
    const target = s * horizon + step - 1;
    if (taken[target] === 1)
      throw new TsopsError(
        "PANEL_INVALID",
        `The future rows have ${seriesName(series[s] ?? {})} at ${formatInstant(instant)} more than once.`,
        { hint: "Give one row per series and time.", details: { row } },
      );
    taken[target] = 1;
    targets[row] = target;
  }
  return targets;
}

function futureValues(rows: Columns, name: string, categories: readonly string[] | undefined): Float64Array {
  if (categories === undefined)
    return numbersOf(
      columnOfKind(rows, name, ["float64", "int64", "bool"], "known-future"),
      name,
      rows.length,
    );
  const { codes, dictionary, valid } = columnOfKind(rows, name, ["utf8"], "known-future");
  const known = new Map(categories.map((text, code) => [text, code]));
  const renumbered = dictionary.map((text) => known.get(text) ?? categories.length);
  return Float64Array.from({ length: rows.length }, (_, row) =>
    isValid(valid, row) ? (renumbered[codes[row] as number] as number) : Number.NaN,
  );
}

/** A misspelt category would be predicted as one that is like none that was learnt from. */
function refuseUnknownText(
  { data }: Columns,
  name: string,
  categories: readonly string[],
  found: Float64Array,
  targets: Int32Array,
): void {
  const rows: number[] = [];
  for (let row = 0; row < found.length; row++)
    if ((targets[row] as number) >= 0 && found[row] === categories.length) rows.push(row);
  const column = data[name];
  if (rows.length === 0 || column?.kind !== "utf8") return;
  const texts = [...new Set(rows.map((row) => column.dictionary[column.codes[row] as number] as string))];
  const near = closest(texts[0] as string, categories);
  const known = `The model knows ${listSome(categories.map(quoted))}`;
  throw new TsopsError(
    "VALUE_INVALID",
    `Column "${name}" has ${listSome(texts.map(quoted))} in ${listRows(rows)} of the future, which the history never had.`,
    {
      hint:
        near === null
          ? `${known}: give one of these, or fit again on a history that has it.`
          : `Did you mean ${quoted(near)}? ${known}.`,
      details: { columns: [name], texts: texts.slice(0, 20), rows: rows.slice(0, 20), count: rows.length },
    },
  );
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** @param elsewhere - Instants of the rows given that are none of the steps; null when no rows were given. */
function refuseMissing(
  history: Panel,
  horizon: number,
  needed: readonly string[],
  values: readonly Float64Array[],
  elsewhere: readonly bigint[] | null,
): void {
  const wanted = history.known.flatMap((covariate, k) => (needed.includes(covariate.name) ? [k] : []));
  if (wanted.length === 0 || history.series.length === 0) return;
  if (elsewhere === null)
    throw new TsopsError(
      "FUTURE_VALUES_MISSING",
      `The forecast needs the future values of ${listSome(wanted.map((k) => history.known[k]?.name ?? ""))}, and no future rows were given.`,
      {
        hint: "Pass predict({ future }) with the key columns, the time and these columns for every step.",
        details: { columns: wanted.map((k) => history.known[k]?.name) },
      },
    );
  const times = futureTimes(history.spec, lastTimesOf(history), horizon);
  const missing: { series: string; time: string; columns: string[] }[] = [];
  const lacking = new Set<string>();
  let count = 0;
  for (let row = 0; row < history.series.length * horizon; row++) {
    const columns = wanted.filter((k) => !Number.isFinite(values[k]?.[row]));
    if (columns.length === 0) continue;
    count++;
    for (const k of columns) lacking.add(history.known[k]?.name ?? "");
    if (missing.length < 20)
      missing.push({
        series: seriesName(history.series[Math.floor(row / horizon)] ?? {}),
        time: formatInstant(times[row] as bigint),
        columns: columns.map((k) => history.known[k]?.name ?? ""),
      });
  }
  const [first] = missing;
  if (first === undefined) return;
  throw new TsopsError(
    "FUTURE_VALUES_MISSING",
    `${count} of ${history.series.length * horizon} future rows lack values: ${listSome(
      missing.map(({ series, time, columns }) => `${series} at ${time} (${columns.join(", ")})`),
      3,
    )}.${elsewhereText(elsewhere)}`,
    {
      hint:
        elsewhere.length === 0
          ? "Give a finite value for every series and step, or a shorter horizon."
          : `Give rows at exactly these times: the steps of ${history.spec.frequency} in ${history.spec.zone} after the last row of each series.`,
      details: { count, columns: [...lacking], rows: missing, elsewhere: elsewhere.length },
    },
  );
}

function elsewhereText(elsewhere: readonly bigint[]): string {
  const [first] = elsewhere;
  if (first === undefined) return "";
  return elsewhere.length === 1
    ? ` 1 row was given for another time, ${formatInstant(first)}.`
    : ` ${elsewhere.length} rows were given for other times, the first for ${formatInstant(first)}.`;
}
