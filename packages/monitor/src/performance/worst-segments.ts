import { checkOptions, checkWord, studentTSurvival, TsopsError } from "@tsops/core";
import { checkAlpha } from "../check-alpha.ts";
import { benjaminiHochberg } from "../drift/combine.ts";
import {
  checkSplit,
  type PerformanceSplit,
  splitParts,
  splitValues,
  type WindowPerformance,
} from "./by-window.ts";
import type { CarriedValue } from "./carried.ts";
import { checkJoined } from "./check-joined.ts";
import { type CutoffSums, combinedDegrees, sumByCutoff, varianceOfRowMean } from "./cutoff-sums.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";
import { pickRows, type RowChoice } from "./pick-rows.ts";
import { groupRows, type Segments, segmentCodes } from "./row-groups.ts";
import { lossReader } from "./row-losses.ts";
import { type ScaleOption, scaleNumbers } from "./scales.ts";

/** How to find the segments with the largest errors. */
export interface WorstSegmentsOptions extends RowChoice {
  /** Segments are the combinations of these and of `segments`. */
  readonly split?: readonly PerformanceSplit[];
  readonly segments?: Segments;
  /** Default `"absolute"`. */
  readonly loss?: "absolute" | "squared";
  /** Errors are divided by it first, so that series of different sizes can be compared: see `trainingScales`. Default: not at all. */
  readonly scale?: ScaleOption;
  /** Rate of false discoveries among the segments that are said to be worse. Default 0.05. */
  readonly alpha?: number;
}

/** The error of one segment beside that of all others. */
export interface SegmentError extends Pick<WindowPerformance, "step" | "source" | "key" | "segment"> {
  readonly rows: number;
  readonly cutoffs: number;
  /** Mean loss. */
  readonly error: number;
  /** Mean loss over the mean loss of all rows. */
  readonly ratio: number;
  /** The ratio drawn towards those of all segments, the more so the less is known of it and unless it stands out: what it is expected to be next time. Segments are ranked by it. */
  readonly expectedRatio: number;
  /** 95 % of the plausible ratios lie in here. */
  readonly interval: readonly [lower: number, upper: number];
  /** That its error would be so much above that of the other rows by chance; NaN for fewer than 2 cutoffs. */
  readonly pValue: number;
  /** The same when so many segments were looked at (Benjamini & Hochberg 1995). */
  readonly adjustedPValue: number;
  /** The adjusted p-value is at most alpha. */
  readonly isWorse: boolean;
}

/** Segments by how large their error is beyond chance. */
export interface WorstSegments {
  /** Mean loss of all rows. */
  readonly error: number;
  readonly rows: number;
  /** Worst first, by `expectedRatio`. */
  readonly segments: readonly SegmentError[];
  /** Segments that could be tested. */
  readonly tested: number;
  /** How many of them are worse than the others. */
  readonly worse: number;
}

/**
 * Ranks segments by their error in a way that the luck of small ones does not lead: the worst of 1,000 tiny segments is always far from
 * the mean, so ratios are shrunk by empirical Bayes (normal means, variance between segments by DerSimonian & Laird 1986), and "worse" needs a
 * p-value that holds up among all segments looked at; the nearer that comes to 0, the less the ratio is shrunk. Losses of one cutoff count as one observation, and what autocorrelation adds to the
 * variance of means is estimated over all segments together.
 * @throws TsopsError MONITOR_INVALID when neither split nor segments are given, or an option is unknown
 */
export function worstSegments(joined: JoinedOutcomes, options: WorstSegmentsOptions): WorstSegments {
  checkJoined("worstSegments()", joined);
  checkOptions("MONITOR_INVALID", "worstSegments()", options, {
    split: true,
    segments: true,
    loss: true,
    scale: true,
    alpha: true,
    role: true,
    modelVersion: true,
    from: true,
    to: true,
  });
  const { split = [], segments = [], loss = "absolute", alpha = 0.05 } = options;
  checkSplit(split);
  checkWord("MONITOR_INVALID", "loss", loss, ["absolute", "squared"]);
  checkAlpha(alpha);
  const coded = segmentCodes(joined, segments);
  const parts = [...splitParts(joined, split), ...coded.map(({ codes }) => codes)];
  if (parts.length === 0)
    throw new TsopsError("MONITOR_INVALID", "worstSegments() was told no segments.", {
      hint: 'Give split: ["key"], or segments: ["store"].',
      details: { option: "segments" },
    });
  const lossOf = scaledLoss(joined, loss, options.scale);
  const rows = pickRows(joined, options).filter((row) => !Number.isNaN(lossOf(row)));
  const groups = groupRows(rows, parts).map((group) => groupOf(joined, group, lossOf));
  const whole = totalOf(groups);
  const inflation = inflationOf(groups);
  const shrunk = shrink(groups, whole, inflation);
  const pValues = groups.map((group) => pValueOf(group, whole, inflation));
  const testable = pValues.flatMap((pValue, i) => (Number.isNaN(pValue) ? [] : [i]));
  const adjusted = new Float64Array(groups.length).fill(Number.NaN);
  benjaminiHochberg(testable.map((i) => pValues[i] as number)).forEach((value, i) => {
    adjusted[testable[i] as number] = value;
  });
  const found = groups.map((group, i): SegmentError => {
    const unit = whole.mean === 0 ? 1 : whole.mean;
    // A normal prior would draw the few that are truly worse to the many that are not.
    const chance = Math.min(1, Number.isNaN(adjusted[i]) ? 1 : (adjusted[i] as number) / alpha);
    const own = { ratio: group.mean / unit, deviation: Math.sqrt(inflation * group.variance) / unit };
    const drawn = shrunk[i] as typeof own;
    const mix = (name: keyof typeof own) =>
      chance === 1 ? drawn[name] : chance * drawn[name] + (1 - chance) * own[name];
    const [ratio, deviation] = [mix("ratio"), mix("deviation")];
    const first = group.row;
    return {
      ...splitValues(joined, split, first),
      ...(coded.length === 0
        ? {}
        : {
            segment: Object.fromEntries(
              coded.map(({ name, values, codes }) => [name, values[codes[first] as number] as CarriedValue]),
            ),
          }),
      rows: group.rows,
      cutoffs: group.sums.cutoffs.length,
      error: group.mean,
      ratio: whole.mean === 0 ? 1 : group.mean / whole.mean,
      expectedRatio: ratio,
      interval: [Math.max(0, ratio - 1.96 * deviation), ratio + 1.96 * deviation],
      pValue: pValues[i] as number,
      adjustedPValue: adjusted[i] as number,
      isWorse: (adjusted[i] as number) <= alpha,
    };
  });
  return {
    error: whole.mean,
    rows: rows.length,
    segments: found.sort((a, b) => b.expectedRatio - a.expectedRatio || b.ratio - a.ratio),
    tested: testable.length,
    worse: found.filter(({ isWorse }) => isWorse).length,
  };
}

function scaledLoss(
  joined: JoinedOutcomes,
  loss: "absolute" | "squared",
  scale: ScaleOption | undefined,
): (row: number) => number {
  const read = lossReader(joined, loss);
  const scales = scaleNumbers(joined.series, scale)?.absolute;
  if (scales === undefined) return read;
  const power = loss === "absolute" ? 1 : 2;
  return (row) => read(row) / (scales[joined.seriesIndex[row] as number] as number) ** power;
}

/** The losses of a segment. */
interface Group {
  /** One of its rows. */
  readonly row: number;
  readonly rows: number;
  readonly mean: number;
  readonly sums: CutoffSums;
  /** Variance of the mean if losses of different cutoffs were independent, and its degrees of freedom. */
  readonly variance: number;
  readonly degrees: number;
}

function groupOf(joined: JoinedOutcomes, rows: Int32Array, lossOf: (row: number) => number): Group {
  const mean = rows.reduce((sum, row) => sum + lossOf(row), 0) / rows.length;
  const sums = sumByCutoff(joined, rows, (row) => lossOf(row) - mean);
  const count = sums.cutoffs.length;
  const squares = sums.sums.reduce((sum, value) => sum + value ** 2, 0);
  const variance = count < 2 ? Number.NaN : (squares / rows.length ** 2) * (count / (count - 1));
  return { row: rows[0] as number, rows: rows.length, mean, sums, variance, degrees: count - 1 };
}

interface Whole {
  readonly rows: number;
  readonly mean: number;
  /** Variance of the sum of all losses. */
  readonly spread: number;
  /** Of the segment with the most cutoffs. */
  readonly degrees: number;
}

function totalOf(groups: readonly Group[]): Whole {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  return {
    rows,
    mean: groups.reduce((sum, group) => sum + group.mean * group.rows, 0) / rows,
    spread: groups.reduce(
      (sum, { degrees, ...group }) => sum + (degrees > 0 ? group.rows ** 2 * group.variance : 0),
      0,
    ),
    degrees: groups.reduce((most, { degrees }) => Math.max(most, degrees), 0),
  };
}

/** Cutoffs from which on a segment tells how much autocorrelation adds to its variance. */
const enoughCutoffs = 10;

/** How many times the variance of a mean is that of independent cutoffs, at least 1: over all segments with enough cutoffs. */
function inflationOf(groups: readonly Group[]): number {
  let allowing = 0;
  let independent = 0;
  for (const { sums, rows, variance } of groups) {
    if (sums.cutoffs.length < enoughCutoffs) continue;
    const found = varianceOfRowMean(sums.sums, rows, sums.overlap);
    if (found === null || !(variance > 0)) continue;
    allowing += found.variance / variance;
    independent++;
  }
  const overlap = groups.reduce((most, { sums }) => Math.max(most, sums.overlap), 1);
  return independent === 0 ? overlap : Math.max(1, allowing / independent);
}

/** What all segments together count for in the variance of one, in cutoffs. */
const pooledDegrees = 10;

function shrink(
  groups: readonly Group[],
  whole: Whole,
  inflation: number,
): { readonly ratio: number; readonly deviation: number }[] {
  const unit = whole.mean === 0 ? 1 : whole.mean;
  const perCutoff = groups.filter(({ degrees }) => degrees > 0);
  const freedom = perCutoff.reduce((sum, { degrees }) => sum + degrees, 0);
  const pooled =
    perCutoff.reduce((sum, { variance, degrees }) => sum + variance * (degrees + 1) * degrees, 0) / freedom;
  const ratios = groups.map(({ mean }) => mean / unit);
  const variances = groups.map(({ variance, degrees }) => {
    const own = degrees > 0 ? variance * (degrees + 1) * degrees : 0;
    return (
      (inflation * (own + pooledDegrees * pooled)) / (degrees + pooledDegrees) / (degrees + 1) / unit ** 2
    );
  });
  if (!(pooled > 0)) return ratios.map((ratio) => ({ ratio, deviation: 0 }));
  const weights = variances.map((variance) => 1 / variance);
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  const total = sum(weights);
  const centre = sum(weights.map((weight, i) => weight * (ratios[i] as number))) / total;
  const spread = sum(weights.map((weight, i) => weight * ((ratios[i] as number) - centre) ** 2));
  const between = Math.max(
    0,
    (spread - (groups.length - 1)) / (total - sum(weights.map((weight) => weight ** 2)) / total) || 0,
  );
  const ratioWeights = variances.map((variance) => 1 / (variance + between));
  const mean = sum(ratioWeights.map((weight, i) => weight * (ratios[i] as number))) / sum(ratioWeights);
  return ratios.map((ratio, i) => {
    const kept = between / (between + (variances[i] as number));
    return {
      ratio: mean + kept * (ratio - mean),
      deviation: Math.sqrt(kept * (variances[i] as number) + (1 - kept) ** 2 / sum(ratioWeights)),
    };
  });
}

/** One-sided: the segment's mean loss against that of all other rows. */
function pValueOf(group: Group, whole: Whole, inflation: number): number {
  const otherRows = whole.rows - group.rows;
  if (group.degrees < 1 || otherRows === 0) return Number.NaN;
  const others = (whole.mean * whole.rows - group.mean * group.rows) / otherRows;
  const own = { variance: inflation * group.variance, degrees: group.degrees };
  const remaining = Math.max(0, whole.spread - group.rows ** 2 * group.variance);
  const rest = { variance: (inflation * remaining) / otherRows ** 2, degrees: Math.max(1, whole.degrees) };
  const total = own.variance + rest.variance;
  if (total === 0) return group.mean > others ? 0 : 1;
  return studentTSurvival((group.mean - others) / Math.sqrt(total), combinedDegrees([own, rest]));
}
