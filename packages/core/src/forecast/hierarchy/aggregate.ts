import { TsopsError } from "../../errors.ts";
import { checkOptions } from "../../options.ts";
import { type Frequency, parseFrequency } from "../../time/frequency.ts";
import { checkPanel } from "../check.ts";
import type { Covariate, Panel } from "../panel/panel.ts";
import { checkHierarchyLevels, type Structure, structureOf, sumCount } from "./structure.ts";

/** Which sums to make. */
export interface AggregateOptions {
  /**
   * Sets of key columns, e.g. `[[], ["region"], ["region", "product"]]`: each distinct value of them is a series, summed over the other
   * columns. `[]` is the total. The series of the panel themselves are always there.
   */
  readonly levels: readonly (readonly string[])[];
}

/**
 * A panel with the sums of its series at each level, and then its own series. Keys become text; `"*"` stands in the columns that are summed over.
 *
 * A sum is missing where one of its series is: also after the end of a series that ends before others. Before its beginning a series counts as nothing (a shop
 * that was not open). Numeric covariates and static values of a sum are the mean of its series', so that what all share (a price, a holiday) stays what it is; categorical ones
 * the most frequent category.
 * @throws TsopsError MODEL_PARAMETER_INVALID, COLUMN_NOT_FOUND, PANEL_INVALID (a key that is `"*"`).
 * @example
 * const all = aggregatePanel(sales, { levels: [[], ["region"], ["product"], ["region", "product"]] });
 */
export function aggregatePanel<Known extends string>(
  panel: Panel<Known>,
  options: AggregateOptions,
): Panel<Known> {
  checkPanel("aggregatePanel()", panel);
  checkOptions("MODEL_PARAMETER_INVALID", "aggregatePanel()", options, { levels: true });
  checkHierarchyLevels("aggregatePanel()", options.levels);
  if (panel.series.length === 0)
    throw new TsopsError("PANEL_INVALID", "The panel has no series to sum.", {
      hint: "Give at least one row.",
    });
  return withSums(panel, structureOf(panel.spec.keys, panel.series, options.levels));
}

/** What a covariate of a sum is where some of its series have no value: missing, or what the others say. */
type Partly = "missing" | "others";

/** The panel with its sums. */
export function withSums<Known extends string>(
  panel: Panel<Known>,
  structure: Structure,
  partly: Partly = "missing",
): Panel<Known> {
  const layout = layOut(panel, structure);
  const { offsets, firstCells, frequency } = layout;
  const sums = sumCount(structure);
  const rows = offsets[structure.series.length] as number;
  const times = new BigInt64Array(rows);
  const y = new Float64Array(rows);
  const covariates = [...panel.known, ...panel.past].map(({ values }) => ({
    values,
    all: new Float64Array(rows),
  }));
  for (let s = 0; s < structure.bottomCount; s++) {
    const [start, end] = [panel.offsets[s] as number, panel.offsets[s + 1] as number];
    times.set(panel.times.subarray(start, end), offsets[sums + s] as number);
    y.set(panel.y.subarray(start, end), offsets[sums + s] as number);
    for (const { values, all } of covariates)
      all.set(values.subarray(start, end), offsets[sums + s] as number);
  }
  for (let j = 0; j < sums; j++) {
    const at = offsets[j] as number;
    const length = (offsets[j + 1] as number) - at;
    const first = layout.sumCells[j] as number;
    for (let i = 0; i < length; i++) times[at + i] = frequency.instantAt(first + i);
    const parts = partsOf(panel, structure, j, firstCells, first);
    for (const { start, shift, count } of parts) {
      for (let i = 0; i < count; i++)
        y[at + shift + i] = (y[at + shift + i] as number) + (panel.y[start + i] as number);
      y.fill(Number.NaN, at + shift + count, at + length);
    }
    covariates.forEach(({ values, all }, c) => {
      const { categories } = [...panel.known, ...panel.past][c] as Covariate;
      const target = all.subarray(at, at + length);
      if (categories === undefined) meanOf(parts, values, target, partly);
      else mostFrequent(parts, values, target, partly, categories.length);
    });
  }
  const own = (all: readonly Covariate[], from: number): Covariate[] =>
    all.map((covariate, c) => ({
      ...covariate,
      values: (covariates[from + c] as { all: Float64Array }).all,
    }));
  return {
    spec: panel.spec,
    series: structure.series,
    offsets,
    times,
    y,
    known: own(panel.known, 0),
    past: own(panel.past, panel.known.length),
    static: panel.static.map((one) => ({ ...one, values: staticsOfSums(one, structure) })),
    gaps: panel.gaps.map((gap) => ({ ...gap, series: sums + gap.series })),
  };
}

/** Rows of one bottom series within a sum: from `start` in the panel, `shift` rows after the sum begins. */
interface Part {
  readonly start: number;
  readonly shift: number;
  readonly count: number;
}

interface Layout {
  readonly frequency: Frequency;
  readonly offsets: Int32Array;
  /** Place on the frequency's grid of the first row, of bottom series and of sums. */
  readonly firstCells: Float64Array;
  readonly sumCells: Float64Array;
}

function layOut(panel: Panel, structure: Structure): Layout {
  const frequency = parseFrequency(panel.spec.frequency, { zone: panel.spec.zone });
  const sums = sumCount(structure);
  const lengths = Array.from(
    panel.series,
    (_, s) => (panel.offsets[s + 1] as number) - (panel.offsets[s] as number),
  );
  const firstCells = Float64Array.from(panel.series, (_, s) =>
    frequency.indexOf(panel.times[panel.offsets[s] as number] as bigint),
  );
  const offsets = new Int32Array(structure.series.length + 1);
  const sumCells = new Float64Array(sums);
  for (let j = 0; j < sums; j++) {
    let first = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    for (let i = structure.starts[j] as number; i < (structure.starts[j + 1] as number); i++) {
      const s = structure.members[i] as number;
      first = Math.min(first, firstCells[s] as number);
      end = Math.max(end, (firstCells[s] as number) + (lengths[s] as number));
    }
    sumCells[j] = first;
    offsets[j + 1] = (offsets[j] as number) + end - first;
  }
  lengths.forEach((length, s) => {
    offsets[sums + s + 1] = (offsets[sums + s] as number) + length;
  });
  return { frequency, offsets, firstCells, sumCells };
}

function partsOf(
  panel: Panel,
  structure: Structure,
  j: number,
  firstCells: Float64Array,
  first: number,
): Part[] {
  const members = structure.members.subarray(structure.starts[j], structure.starts[j + 1]);
  return Array.from(members, (s) => {
    const start = panel.offsets[s] as number;
    return {
      start,
      shift: (firstCells[s] as number) - first,
      count: (panel.offsets[s + 1] as number) - start,
    };
  });
}

/** Static values of all series: a sum's are what its series have on average, or most often. */
function staticsOfSums({ values, categories }: Covariate, structure: Structure): Float64Array {
  const sums = sumCount(structure);
  const all = new Float64Array(structure.series.length);
  all.set(values, sums);
  for (let j = 0; j < sums; j++) {
    const members = structure.members.subarray(structure.starts[j], structure.starts[j + 1]);
    const parts = Array.from(members, (s) => ({ start: s, shift: 0, count: 1 }));
    const target = all.subarray(j, j + 1);
    if (categories === undefined) meanOf(parts, values, target, "missing");
    else mostFrequent(parts, values, target, "missing", categories.length);
  }
  return all;
}

function meanOf(parts: readonly Part[], values: Float64Array, target: Float64Array, partly: Partly): void {
  const counts = new Int32Array(target.length);
  for (const { start, shift, count } of parts)
    for (let i = 0; i < count; i++) {
      const value = values[start + i] as number;
      if (partly === "others" && Number.isNaN(value)) continue;
      target[shift + i] = (target[shift + i] as number) + value;
      counts[shift + i] = (counts[shift + i] as number) + 1;
    }
  for (let i = 0; i < target.length; i++) target[i] = (target[i] as number) / (counts[i] as number);
}

function mostFrequent(
  parts: readonly Part[],
  values: Float64Array,
  target: Float64Array,
  partly: Partly,
  categories: number,
): void {
  // One more: the code of a category that the history never had.
  const width = categories + 1;
  const counts = new Int32Array(target.length * width);
  const isMissing = new Uint8Array(target.length);
  for (const { start, shift, count } of parts)
    for (let i = 0; i < count; i++) {
      const code = values[start + i] as number;
      if (Number.isNaN(code)) isMissing[shift + i] = 1;
      else counts[(shift + i) * width + code] = (counts[(shift + i) * width + code] as number) + 1;
    }
  for (let i = 0; i < target.length; i++) {
    let best = 0;
    for (let code = 1; code < width; code++)
      if ((counts[i * width + code] as number) > (counts[i * width + best] as number)) best = code;
    const isKnown = (counts[i * width + best] as number) > 0 && (partly === "others" || isMissing[i] === 0);
    target[i] = isKnown ? best : Number.NaN;
  }
}
