import { TsopsError } from "../errors.ts";
import { type Frequency, parseFrequency } from "../time/frequency.ts";
import { formatInstant } from "../time/instant.ts";
import { panelOfRows, refuseVastGaps } from "./panel/build-panel.ts";
import type { Covariate, Panel, PanelGap, SeriesKey } from "./panel/panel.ts";
import { copyValues, type RowRange, rangesOf, timesAt, withRowsOfSeries } from "./panel/panel-patches.ts";
import { takeSeries } from "./panel/panel-slices.ts";
import { columnsOf, type RowsInput } from "./panel/plain-rows.ts";
import { columnOfKind, listSome, seriesName } from "./panel/rows.ts";
import { seriesKeyText } from "./panel/series-key.ts";
import { refuseOtherStatics } from "./panel/static-columns.ts";

/**
 * A panel with further rows: what `update` of every forecaster does to the history it keeps. Rows after a series' last one are
 * appended, with missing rows where the grid has gaps; a missing value that arrives late is filled in; rows before the kept
 * history, or equal to it, change nothing, nor do rows of series that the fit left out. Covariates keep their first value. Static columns may be
 * left out. `gaps` is empty: rows that come late fill them. Costs what the series cost that the rows are of; the others are shared.
 * @param depth - Rows to keep per series, at most, as the history does; all when absent.
 * @throws TsopsError KEY_UNKNOWN (keys listed), PANEL_INVALID (a target that contradicts one in the kept history, or a static value; whatever `panel` refuses).
 */
export function absorbRows<Known extends string>(
  history: Panel<Known>,
  rows: RowsInput,
  depth = Number.POSITIVE_INFINITY,
): Panel<Known> {
  const { changed, covariates } = absorb(history, rows, depth);
  return withRowsOfSeries(history, changed, covariates);
}

/** What further rows change of a panel. */
export interface Absorbed {
  /** Where the rows of the series are that have other rows than before, by their index. */
  readonly changed: ReadonlyMap<number, RowRange>;
  /** The covariates with the categories that the rows brought; without their values. */
  readonly covariates: Pick<Panel, "known" | "past">;
}

/** What `absorbRows` changes, for `withRowsOfSeries`. */
export function absorb(history: Panel, input: RowsInput, depth = Number.POSITIVE_INFINITY): Absorbed {
  const rows = columnsOf("update()", history, input);
  if (rows.length === 0) {
    columnOfKind(rows, history.spec.time, ["timestamp"], "time");
    return { changed: new Map(), covariates: history };
  }
  const added = panelOfRows(rows, {
    ...history.spec,
    static: history.spec.static.filter((name) => Object.hasOwn(rows.data, name)),
  });
  const frequency = parseFrequency(history.spec.frequency, { zone: history.spec.zone });
  const found = matchSeries(added.series, history);
  const parts = align(history, added, found, frequency, depth);
  const known = history.known.map((one, k) => sharedCategories(one, added.known[k] as Covariate));
  const past = history.past.map((one, k) => sharedCategories(one, added.past[k] as Covariate));
  const conflicts: string[] = [];
  const changed = new Map<number, RowRange>();
  // One array for all: thousands of small ones are slow to make and to clear away.
  const last = parts[parts.length - 1];
  const length = last === undefined ? 0 : last.start + last.length - last.dropped;
  const room = () => new Float64Array(length);
  const merged = {
    times: new BigInt64Array(length),
    y: room(),
    known: known.map(room),
    past: past.map(room),
  };
  const conflictAt = ({ series }: AlignedSeries, row: number) => {
    const time = formatInstant(added.times[row] as bigint);
    conflicts.push(`${seriesName(history.series[series] as SeriesKey)} at ${time}`);
  };
  for (const part of parts) {
    const { series, ours, start } = part;
    const own = ours.rows;
    mergeTimes(part, added.times, merged.times, frequency);
    let filled = mergeValues(part, own.y, added.y, merged.y, conflictAt);
    for (let k = 0; k < known.length; k++)
      filled += mergeValues(
        part,
        own.known[k] as Float64Array,
        known[k]?.[1] as Float64Array,
        merged.known[k] as Float64Array,
      );
    for (let k = 0; k < past.length; k++)
      filled += mergeValues(
        part,
        own.past[k] as Float64Array,
        past[k]?.[1] as Float64Array,
        merged.past[k] as Float64Array,
      );
    if (filled > 0 || part.length > part.before || part.dropped > 0)
      changed.set(series, { rows: merged, start, end: start + part.length - part.dropped });
  }
  refuseConflicts(conflicts);
  if (added.static.length > 0) refuseOtherStatics(history, added, found);
  return { changed, covariates: { known: known.map(([one]) => one), past: past.map(([one]) => one) } };
}

/** The series that have other rows than before, with them. */
export function changedSeries<Known extends string>(
  history: Panel<Known>,
  { changed, covariates }: Absorbed,
): Panel<Known> {
  return takeSeries(withRowsOfSeries(history, changed, covariates), [...changed.keys()]);
}

/** How added rows lie beside the history of their series; rows are counted from the first of the history. */
interface AlignedSeries {
  readonly series: number;
  readonly ours: RowRange;
  /** Rows of the history. */
  readonly before: number;
  /** First row in the added arrays, number of rows, and where they begin. */
  readonly addedStart: number;
  readonly addedCount: number;
  readonly shift: number;
  /** Rows of both together, and how many of the first are dropped. */
  readonly length: number;
  readonly dropped: number;
  /** Number of the first row's cell. */
  readonly firstCell: number;
  /** Where the rows of both together are written. */
  readonly start: number;
}

/** The series that rows came of, in the order of the history. */
function align(
  history: Panel,
  added: Panel,
  found: Int32Array,
  frequency: Frequency,
  depth: number,
): readonly AlignedSeries[] {
  const gaps: PanelGap[] = [];
  const rangeOf = rangesOf(history);
  let start = 0;
  const places = Array.from(found, (series, place) => ({ series, place }));
  const parts = places
    .filter(({ series }) => series >= 0)
    .sort((a, b) => a.series - b.series)
    .map(({ series, place }): AlignedSeries => {
      const ours = rangeOf(series);
      const before = ours.end - ours.start;
      const addedStart = added.offsets[place] as number;
      const addedCount = (added.offsets[place + 1] as number) - addedStart;
      const firstCell = frequency.indexOf(ours.rows.times[ours.start] as bigint);
      const shift = frequency.indexOf(added.times[addedStart] as bigint) - firstCell;
      const length = Math.max(before, shift + addedCount);
      if (shift > before)
        gaps.push({ series, from: frequency.instantAt(firstCell + before), steps: shift - before });
      const dropped = Math.max(0, length - depth);
      const part = { series, ours, before, addedStart, addedCount, shift, length, dropped, firstCell, start };
      start += length - dropped;
      return part;
    });
  const filled = gaps.reduce((sum, gap) => sum + gap.steps, 0);
  refuseVastGaps(gaps, added.times.length, added.times.length + filled, frequency);
  refuseWrongYears(parts, history, added.times);
  return parts;
}

const tenYears = 10n * 8766n * 3_600_000_000n;
const timesTheHistory = 10;

/** A typo in a year would be forecast from: ten years of silence after a history of less than one are no silence. */
function refuseWrongYears(parts: readonly AlignedSeries[], history: Panel, times: BigInt64Array): void {
  const wrong = parts.flatMap(({ series, ours, before, shift, addedStart }) => {
    const last = ours.rows.times[ours.end - 1] as bigint;
    const time = times[addedStart] as bigint;
    return shift > timesTheHistory * before && time - last > tenYears ? [{ series, last, time }] : [];
  });
  const [first] = wrong;
  if (first === undefined) return;
  const said = `${seriesName(history.series[first.series] ?? {})} has a row at ${formatInstant(first.time)}, and its last one before is at ${formatInstant(first.last)}`;
  throw new TsopsError(
    "PANEL_INVALID",
    `Rows lie more than ten years after the last known one, and further than ${timesTheHistory} times the history: ${said}${wrong.length === 1 ? "" : ` (so of ${wrong.length} series)`}.`,
    {
      hint: "Check the times for a wrong year. If they are right, fit again: nothing of the history tells of so much later.",
      details: { series: wrong.length, at: formatInstant(first.time), last: formatInstant(first.last) },
    },
  );
}

/**
 * Writes the values of both, and tells how many of the added ones are new.
 * @param onConflict - Is told the added rows that say something else.
 */
function mergeValues(
  part: AlignedSeries,
  own: Float64Array,
  theirs: Float64Array,
  merged: Float64Array,
  onConflict?: (part: AlignedSeries, row: number) => void,
): number {
  const { ours, before, addedStart, addedCount, shift, length, dropped, start } = part;
  const kept = Math.max(0, before - dropped);
  copyValues(own, ours.end - kept, ours.end, merged, start);
  merged.fill(Number.NaN, start + kept, start + length - dropped);
  let filled = 0;
  for (let i = Math.max(0, -shift); i < addedCount; i++) {
    const value = theirs[addedStart + i] as number;
    if (Number.isNaN(value)) continue;
    const at = shift + i;
    const held = at < before ? (own[ours.start + at] as number) : Number.NaN;
    if (Number.isNaN(held)) {
      if (at < dropped) continue;
      merged[start + at - dropped] = value;
      filled++;
    } else if (held !== value) onConflict?.(part, addedStart + i);
  }
  return filled;
}

function mergeTimes(
  { ours, before, addedStart, shift, length, dropped, firstCell, start }: AlignedSeries,
  theirs: BigInt64Array,
  merged: BigInt64Array,
  frequency: Frequency,
): void {
  const kept = Math.max(0, before - dropped);
  copyValues(ours.rows.times, ours.end - kept, ours.end, merged, start);
  for (let i = Math.max(before, dropped); i < length; i++)
    merged[start + i - dropped] =
      i >= shift ? (theirs[addedStart + i - shift] as bigint) : frequency.instantAt(firstCell + i);
}

function refuseConflicts(conflicts: readonly string[]): void {
  if (conflicts.length === 0) return;
  throw new TsopsError(
    "PANEL_INVALID",
    `Rows contradict targets that were absorbed before: ${listSome(conflicts)}.`,
    {
      hint: "Fit again to correct the past; update only adds to it.",
      details: { count: conflicts.length, first: conflicts.slice(0, 5) },
    },
  );
}

/**
 * Where each of the found series is among those of a panel; -1 for series that a fit left out of it.
 * @throws TsopsError KEY_UNKNOWN listing those that are neither.
 */
export function matchSeries(
  found: readonly SeriesKey[],
  { series, failures = [] }: Pick<Panel, "series" | "failures">,
): Int32Array {
  const places = placesOf(series, (key) => key);
  const leftOut = failures.length === 0 ? null : placesOf(failures, ({ key }) => key);
  const unknown: SeriesKey[] = [];
  const result = Int32Array.from(found, (key) => {
    const text = seriesKeyText(key);
    const index = places.get(text);
    if (index === undefined && leftOut?.has(text) !== true) unknown.push(key);
    return index ?? -1;
  });
  const [first] = unknown;
  if (first !== undefined)
    throw new TsopsError(
      "KEY_UNKNOWN",
      `${unknown.length === 1 ? "A key was" : `${unknown.length} keys were`} never seen in the fit: ${listSome(unknown.map(seriesKeyText))}.${otherColumns(first, series[0])}`,
      {
        hint: `Its keys are like ${seriesKeyText(series[0] ?? {})}. Leave the others out, or fit again on a panel that has them.`,
        details: { count: unknown.length, keys: unknown.slice(0, 5).map(seriesKeyText) },
      },
    );
  return result;
}

const placesOfLists = new WeakMap<object, ReadonlyMap<string, number>>();

/** Where each key is in a list that does not change, kept with the list: an update of one row does not look at all keys again. */
function placesOf<One>(list: readonly One[], keyOf: (one: One) => SeriesKey): ReadonlyMap<string, number> {
  const known = placesOfLists.get(list);
  if (known !== undefined) return known;
  const places = new Map(list.map((one, index) => [seriesKeyText(keyOf(one)), index]));
  placesOfLists.set(list, places);
  return places;
}

/** What is amiss with the names of an unknown key, as a further sentence. */
function otherColumns(key: SeriesKey, example: SeriesKey | undefined): string {
  if (example === undefined) return "";
  const quoted = (names: readonly string[]) => listSome(names.map((name) => `"${name}"`));
  const missing = Object.keys(example).filter((name) => !Object.hasOwn(key, name));
  if (missing.length > 0) return ` ${quoted(missing)} ${missing.length === 1 ? "is" : "are"} missing.`;
  const further = Object.keys(key).filter((name) => !Object.hasOwn(example, name));
  return further.length === 0
    ? ""
    : ` ${quoted(further)} ${further.length === 1 ? "is no key column" : "are no key columns"}.`;
}

/** The history's covariate with its categories extended by new ones, and the added values in its codes. */
function sharedCategories(ours: Covariate, theirs: Covariate): readonly [Covariate, Float64Array] {
  if (ours.kind !== theirs.kind)
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `Covariate "${ours.name}" is ${theirs.kind}, in the fit it was ${ours.kind}.`,
      {
        hint: "Give the column in the type that the panel had.",
      },
    );
  if (ours.categories === undefined || theirs.categories === undefined) return [ours, theirs.values];
  const categories = [...ours.categories];
  const codes = new Map(categories.map((text, code) => [text, code]));
  const renumbered = theirs.categories.map((text) => {
    let code = codes.get(text);
    if (code === undefined) {
      code = categories.length;
      codes.set(text, code);
      categories.push(text);
    }
    return code;
  });
  return [
    categories.length === ours.categories.length ? ours : { ...ours, categories },
    theirs.values.map((code) => (Number.isNaN(code) ? Number.NaN : (renumbered[code] as number))),
  ];
}

/** First kept instant of each series. */
export function firstTimesOf(panel: Panel): BigInt64Array {
  return timesAt(panel, 0);
}

/** Last observed instant of each series. */
export function lastTimesOf(panel: Panel): BigInt64Array {
  return timesAt(panel, -1);
}
