import { TsopsError } from "../errors.ts";
import { checkColumns } from "../options.ts";
import type { Columns } from "../schema/columns.ts";
import { type Frequency, parseFrequency } from "../time/frequency.ts";
import { formatInstant } from "../time/instant.ts";
import { panelOfRows, refuseVastGaps } from "./build-panel.ts";
import type { Covariate, Panel, PanelGap, SeriesKey } from "./panel.ts";
import { columnOfKind, listSome, seriesName } from "./rows.ts";
import { seriesKeyText } from "./series-key.ts";
import { refuseOtherStatics } from "./static-columns.ts";

/**
 * A panel with further rows: what `update` of every forecaster does to the history it keeps. Rows after a series' last one are
 * appended, with missing rows where the grid has gaps; a missing value that arrives late is filled in; rows before the kept
 * history, or equal to it, change nothing, nor do rows of series that the fit left out. Covariates keep their first value. Static columns may be
 * left out. `gaps` is empty: rows that come late fill them.
 * @param depth - Rows to keep per series, at most; all when absent.
 * @throws TsopsError KEY_UNKNOWN (keys listed), PANEL_INVALID (a target that contradicts one in the kept history, or a static value; whatever `panel` refuses).
 */
export function absorbRows<Known extends string>(
  history: Panel<Known>,
  rows: Columns,
  depth = Number.POSITIVE_INFINITY,
): Panel<Known> {
  checkColumns("PANEL_INVALID", "update()", rows);
  if (rows.length === 0) {
    columnOfKind(rows, history.spec.time, ["timestamp"], "time");
    return history;
  }
  const added = panelOfRows(rows, {
    ...history.spec,
    static: history.spec.static.filter((name) => Object.hasOwn(rows.data, name)),
  });
  const frequency = parseFrequency(history.spec.frequency, { zone: history.spec.zone });
  const alignment = align(history, added, frequency, depth);
  const conflicts: string[] = [];
  const y = mergeValues(alignment, history.y, added.y, (s, time) => {
    conflicts.push(`${seriesName(history.series[s] as SeriesKey)} at ${formatInstant(time)}`);
  });
  refuseConflicts(conflicts);
  if (added.static.length > 0) refuseOtherStatics(history, added, matchSeries(added.series, history));
  const covariates = (ours: readonly Covariate[], theirs: readonly Covariate[]): Covariate[] =>
    ours.map((covariate, i) => {
      const [shared, values] = sharedCategories(covariate, theirs[i] as Covariate);
      return { ...shared, values: mergeValues(alignment, covariate.values, values, () => {}) };
    });
  return {
    spec: history.spec,
    series: history.series,
    offsets: alignment.offsets,
    times: mergeTimes(alignment),
    y,
    known: covariates(history.known, added.known),
    past: covariates(history.past, added.past),
    static: history.static,
    gaps: [],
    ...(history.failures === undefined ? {} : { failures: history.failures }),
  };
}

/** How added rows lie beside the history. */
interface Alignment {
  readonly history: Panel;
  readonly added: Panel;
  readonly frequency: Frequency;
  /** Of the merged panel. */
  readonly offsets: Int32Array;
  readonly parts: readonly AlignedSeries[];
}

/** One series; rows are counted from the first row of its history. */
interface AlignedSeries {
  /** First row in the history's arrays, and number of rows there. */
  readonly start: number;
  readonly before: number;
  /** Series among the added ones, or -1; its first row in the added arrays; number of rows; where they begin. */
  readonly addedSeries: number;
  readonly addedStart: number;
  readonly addedCount: number;
  readonly shift: number;
  /** Rows of both together, and how many of the first are dropped. */
  readonly length: number;
  readonly dropped: number;
}

function align(history: Panel, added: Panel, frequency: Frequency, depth: number): Alignment {
  const addedOf = new Int32Array(history.series.length).fill(-1);
  matchSeries(added.series, history).forEach((s, a) => {
    if (s >= 0) addedOf[s] = a;
  });
  const offsets = new Int32Array(history.series.length + 1);
  const gaps: PanelGap[] = [];
  const parts = history.series.map((_, s): AlignedSeries => {
    const start = history.offsets[s] as number;
    const before = (history.offsets[s + 1] as number) - start;
    const addedSeries = addedOf[s] as number;
    const isAdded = addedSeries >= 0;
    const addedStart = isAdded ? (added.offsets[addedSeries] as number) : 0;
    const addedCount = isAdded ? (added.offsets[addedSeries + 1] as number) - addedStart : 0;
    const firstCell = frequency.indexOf(history.times[start] as bigint);
    const shift = isAdded ? frequency.indexOf(added.times[addedStart] as bigint) - firstCell : 0;
    const length = Math.max(before, shift + addedCount);
    if (shift > before)
      gaps.push({ series: s, from: frequency.instantAt(firstCell + before), steps: shift - before });
    const dropped = Math.max(0, length - depth);
    offsets[s + 1] = (offsets[s] as number) + length - dropped;
    return { start, before, addedSeries, addedStart, addedCount, shift, length, dropped };
  });
  const filled = gaps.reduce((sum, gap) => sum + gap.steps, 0);
  refuseVastGaps(gaps, added.times.length, added.times.length + filled, frequency);
  return { history, added, frequency, offsets, parts };
}

function mergeValues(
  { added, offsets, parts }: Alignment,
  ours: Float64Array,
  theirs: Float64Array,
  onConflict: (series: number, time: bigint) => void,
): Float64Array {
  const result = new Float64Array(offsets[parts.length] as number).fill(Number.NaN);
  parts.forEach(({ start, before, addedStart, addedCount, shift, dropped }, s) => {
    const base = (offsets[s] as number) - dropped;
    for (let i = dropped; i < before; i++) result[base + i] = ours[start + i] as number;
    for (let i = Math.max(0, -shift); i < addedCount; i++) {
      const value = theirs[addedStart + i] as number;
      const at = shift + i;
      if (Number.isNaN(value)) continue;
      const held = at < before ? (ours[start + at] as number) : Number.NaN;
      if (Number.isNaN(held)) {
        if (at >= dropped) result[base + at] = value;
      } else if (held !== value) onConflict(s, added.times[addedStart + i] as bigint);
    }
  });
  return result;
}

function mergeTimes({ history, added, frequency, offsets, parts }: Alignment): BigInt64Array {
  const times = new BigInt64Array(offsets[parts.length] as number);
  parts.forEach(({ start, before, addedStart, shift, length, dropped }, s) => {
    const base = (offsets[s] as number) - dropped;
    const firstCell = frequency.indexOf(history.times[start] as bigint);
    for (let i = dropped; i < length; i++)
      if (i < before) times[base + i] = history.times[start + i] as bigint;
      else if (i >= shift) times[base + i] = added.times[addedStart + i - shift] as bigint;
      else times[base + i] = frequency.instantAt(firstCell + i);
  });
  return times;
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
  const indexes = new Map(failures.map(({ key }) => [seriesKeyText(key), -1]));
  series.forEach((key, index) => {
    indexes.set(seriesKeyText(key), index);
  });
  const unknown: SeriesKey[] = [];
  const result = Int32Array.from(found, (key) => {
    const index = indexes.get(seriesKeyText(key));
    if (index === undefined) unknown.push(key);
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

/** Last observed instant of each series. */
export function lastTimesOf(panel: Panel): BigInt64Array {
  return BigInt64Array.from(
    panel.series,
    (_, s) => panel.times[(panel.offsets[s + 1] as number) - 1] as bigint,
  );
}
