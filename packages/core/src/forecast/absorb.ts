import { TsopsError } from "../errors.ts";
import type { Columns } from "../schema/columns.ts";
import { parseFrequency } from "../time/frequency.ts";
import { formatInstant } from "../time/instant.ts";
import { panelOfRows } from "./build-panel.ts";
import type { Covariate, Panel, SeriesKey } from "./panel.ts";
import { columnOfKind, listSome, seriesName } from "./rows.ts";
import { seriesKeyText } from "./series-key.ts";

/**
 * A panel with further rows: what `update` of every forecaster does to the history it keeps. Rows after a series' last one are
 * appended, with missing rows where the grid has gaps; a missing value that arrives late is filled in; rows before the kept
 * history, or equal to it, change nothing. Covariates keep their first value.
 * @param depth - Rows to keep per series, at most; all when absent.
 * @throws TsopsError KEY_UNKNOWN (keys listed), PANEL_INVALID (a target that contradicts the one absorbed before; whatever `panel` refuses).
 */
export function absorbRows<Known extends string>(
  history: Panel<Known>,
  rows: Columns,
  depth = Number.POSITIVE_INFINITY,
): Panel<Known> {
  if (rows.length === 0) {
    columnOfKind(rows, history.spec.time, ["timestamp"], "time");
    return history;
  }
  const added = panelOfRows(rows, history.spec);
  const seriesOf = matchSeries(added.series, history.series);
  const frequency = parseFrequency(history.spec.frequency, { zone: history.spec.zone });
  const known = history.known.map((covariate, i) => sharedCategories(covariate, added.known[i] as Covariate));
  const past = history.past.map((covariate, i) => sharedCategories(covariate, added.past[i] as Covariate));

  const addedOf = new Int32Array(history.series.length).fill(-1);
  seriesOf.forEach((s, a) => {
    addedOf[s] = a;
  });
  const offsets = new Int32Array(history.series.length + 1);
  const plans = history.series.map((key, s) => {
    const [start, end] = [history.offsets[s] as number, history.offsets[s + 1] as number];
    const a = addedOf[s] as number;
    const before = end - start;
    let length = before;
    let shift = 0;
    if (a >= 0) {
      const first = added.offsets[a] as number;
      shift =
        frequency.indexOf(added.times[first] as bigint) - frequency.indexOf(history.times[start] as bigint);
      length = Math.max(before, shift + (added.offsets[a + 1] as number) - first);
    }
    const skipped = Math.max(0, length - depth);
    offsets[s + 1] = (offsets[s] as number) + length - skipped;
    return { key, start, before, a, shift, length, skipped };
  });
  const total = offsets[history.series.length] as number;

  const merge = (
    ours: Float64Array,
    theirs: Float64Array,
    onConflict: ((s: number, t: bigint) => void) | null,
  ) => {
    const result = new Float64Array(total).fill(Number.NaN);
    plans.forEach(({ start, before, a, shift, skipped }, s) => {
      const base = (offsets[s] as number) - skipped;
      for (let i = skipped; i < before; i++) result[base + i] = ours[start + i] as number;
      if (a < 0) return;
      const first = added.offsets[a] as number;
      const count = (added.offsets[a + 1] as number) - first;
      for (let i = Math.max(0, -shift); i < count; i++) {
        const value = theirs[first + i] as number;
        const at = shift + i;
        if (Number.isNaN(value)) continue;
        const held = at < before ? (ours[start + at] as number) : Number.NaN;
        if (Number.isNaN(held)) {
          if (at >= skipped) result[base + at] = value;
        } else if (held !== value) onConflict?.(s, added.times[first + i] as bigint);
      }
    });
    return result;
  };
  const conflicts: string[] = [];
  const y = merge(history.y, added.y, (s, time) => {
    conflicts.push(`${seriesName(history.series[s] as SeriesKey)} at ${formatInstant(time)}`);
  });
  if (conflicts.length > 0)
    throw new TsopsError(
      "PANEL_INVALID",
      `Rows contradict targets that were absorbed before: ${listSome(conflicts)}.`,
      {
        hint: "Fit again to correct the past; update only adds to it.",
        details: { count: conflicts.length, first: conflicts.slice(0, 5) },
      },
    );

  const times = new BigInt64Array(total);
  const gaps = history.gaps.filter(({ series, from }) => {
    const { start, skipped, before } = plans[series] as (typeof plans)[number];
    return skipped < before && from >= (history.times[start + skipped] as bigint);
  });
  plans.forEach(({ start, before, a, shift, length, skipped }, s) => {
    const base = (offsets[s] as number) - skipped;
    for (let i = skipped; i < before; i++) times[base + i] = history.times[start + i] as bigint;
    if (length === before || a < 0) return;
    const first = added.offsets[a] as number;
    const firstIndex = frequency.indexOf(history.times[start] as bigint);
    for (let i = Math.max(skipped, before); i < length; i++)
      times[base + i] =
        i >= shift ? (added.times[first + i - shift] as bigint) : frequency.instantAt(firstIndex + i);
    const empty = Math.max(before, skipped);
    if (shift > empty)
      gaps.push({ series: s, from: frequency.instantAt(firstIndex + empty), steps: shift - empty });
    for (const gap of added.gaps)
      if (gap.series === a && frequency.indexOf(gap.from) - firstIndex >= empty)
        gaps.push({ ...gap, series: s });
  });
  const merged = (pairs: readonly (readonly [Covariate, Float64Array])[]): Covariate[] =>
    pairs.map(([covariate, theirs]) => ({ ...covariate, values: merge(covariate.values, theirs, null) }));
  return {
    spec: history.spec,
    series: history.series,
    offsets,
    times,
    y,
    known: merged(known),
    past: merged(past),
    gaps,
  };
}

/**
 * Where each of the found series is among the known ones.
 * @throws TsopsError KEY_UNKNOWN listing those that are not.
 */
export function matchSeries(found: readonly SeriesKey[], known: readonly SeriesKey[]): Int32Array {
  const indexes = new Map(known.map((key, index) => [seriesKeyText(key), index]));
  const unknown: SeriesKey[] = [];
  const result = Int32Array.from(found, (key) => {
    const index = indexes.get(seriesKeyText(key));
    if (index === undefined) unknown.push(key);
    return index ?? -1;
  });
  if (unknown.length > 0)
    throw new TsopsError(
      "KEY_UNKNOWN",
      `${unknown.length === 1 ? "A key was" : `${unknown.length} keys were`} never seen in the fit: ${listSome(unknown.map(seriesKeyText))}.`,
      {
        hint: "Leave these rows out, or fit again on a panel that has the series.",
        details: { count: unknown.length, keys: unknown.slice(0, 5).map(seriesKeyText) },
      },
    );
  return result;
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
