import type { Random } from "@tsops/core";
import { meanOf } from "../drift/model/innovation-moments.ts";
import { fitReturn } from "./return-fit.ts";
import { fitStep, leastSide } from "./step-fit.ts";

/** Values that are needed to look for a change. */
export const fewest = 12;
const resamples = 199;

/** How alpha is divided where both are looked for. Less than all of it: either test finds a little more than its share in errors that follow each other (AR 0.5). */
const shares = { step: 0.5, return: 0.35 } as const;

/**
 * Standard errors that a coefficient is taken to be larger than it was estimated, times the coefficient, and more from 0.4 on: what is cut out as a change hides
 * most of what lasts longest. Chosen by simulation (bench/performance-calibration).
 */
const doubt = 2;

/** One change of the level. */
export interface FoundStep {
  /** First index after it. */
  readonly at: number;
  readonly pValue: number;
  readonly range: readonly [from: number, to: number];
  /** The end of a stretch, at which the level is that of before it again. */
  readonly isReturn: boolean;
}

/** Cuts where a change is beyond chance, longest parts first, until there are enough. */
export function segment(
  values: Float64Array,
  { alpha, most, random }: { readonly alpha: number; readonly most: number; readonly random: Random },
): { readonly steps: readonly FoundStep[]; readonly pValue: number } {
  const steps: FoundStep[] = [];
  let pValue = Number.NaN;
  const open: [from: number, to: number][] = [[0, values.length]];
  while (open.length > 0 && steps.length < most) {
    const [from, to] = open.shift() as [number, number];
    if (to - from < fewest) continue;
    const part = values.subarray(from, to);
    const { change, pValue: p } = strongest(part, alpha, most - steps.length >= 2, random);
    if (Number.isNaN(pValue)) pValue = p;
    if (p > alpha) continue;
    const ranges = rangesOf(change, part.length, random);
    const borders = [0, ...change.places, part.length];
    change.places.forEach((at, i) => {
      const [low, high] = ranges[i] as readonly [number, number];
      steps.push({ at: from + at, pValue: p, range: [from + low, from + high], isReturn: i === 1 });
    });
    for (let i = 1; i < borders.length; i++)
      open.push([from + (borders[i - 1] as number), from + (borders[i] as number)]);
    open.sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
  }
  return { steps: steps.sort((a, b) => a.at - b.at), pValue };
}

/** A fitted change, a step or a stretch, and the noise around it. */
interface Change {
  /** First index after the step; or of the stretch, and after it. */
  readonly places: readonly number[];
  /** By how much the level changes. */
  readonly size: number;
  readonly statistic: number;
  readonly phi: number;
  readonly innovations: Float64Array;
  readonly fit: (values: Float64Array) => Change;
}

function stepChange(values: Float64Array): Change {
  const { at, before, after, ...rest } = fitStep(values);
  return { ...rest, places: [at], size: after - before, fit: stepChange };
}

function returnChange(values: Float64Array): Change {
  const { from, to, outside, inside, ...rest } = fitReturn(values);
  return { ...rest, places: [from, to], size: inside - outside, fit: returnChange };
}

/** The change to cut at, and the p-value of the best of those looked for, the division of alpha allowed for. */
function strongest(values: Float64Array, alpha: number, hasRoom: boolean, random: Random) {
  const step = stepChange(values);
  if (!hasRoom) return { change: step, pValue: chanceOf(step, values.length, random) };
  const candidates = [
    { change: step, share: shares.step },
    { change: returnChange(values), share: shares.return },
  ].map(({ change, share }) => ({
    change,
    pValue: Math.min(1, chanceOf(change, values.length, random) / share),
  }));
  const pValue = Math.min(...candidates.map((one) => one.pValue));
  const found = candidates.filter((one) => one.pValue <= Math.max(alpha, pValue));
  const best = found.reduce((a, b) => (costOf(b.change) < costOf(a.change) ? b : a));
  return { change: best.change, pValue };
}

/** Schwarz's criterion on the innovations: a stretch must explain more than a step to be preferred. */
function costOf({ innovations, places }: Change): number {
  const n = innovations.length;
  const square = innovations.reduce((sum, value) => sum + value * value, 0) / n;
  return n * Math.log(square) + (1 + 2 * places.length) * Math.log(n);
}

function chanceOf(change: Change, length: number, random: Random): number {
  if (change.statistic === 0) return 1;
  let larger = 0;
  for (let i = 0; i < resamples; i++)
    if (change.fit(noiseOf(otherwise(change, random), length, random)).statistic >= change.statistic)
      larger++;
  return (1 + larger) / (1 + resamples);
}

/**
 * Where each place is found when the change is put into noise: the 95 % of the resamples nearest to where it was put. It is put in at 0.8 of its size, as a change that was
 * found is on average smaller than it looks.
 */
function rangesOf(
  change: Change,
  length: number,
  random: Random,
): readonly (readonly [from: number, to: number])[] {
  const step = 0.8 * change.size;
  const [start, end = length] = change.places as [number, number?];
  const distances = change.places.map(() => new Float64Array(resamples));
  for (let i = 0; i < resamples; i++) {
    const noise = noiseOf(change, length, random);
    const again = change.fit(noise.map((value, at) => value + (at >= start && at < end ? step : 0)));
    change.places.forEach((place, k) => {
      (distances[k] as Float64Array)[i] = Math.abs((again.places[k] as number) - place);
    });
  }
  const least = leastSide(length);
  return change.places.map((place, k) => {
    const margin = (distances[k] as Float64Array).sort()[Math.ceil(0.95 * resamples) - 1] as number;
    return [Math.max(least, place - margin), Math.min(length - least, place + margin)];
  });
}

/**
 * The noise as its autoregression may be too: off by a draw of the coefficient's standard error, and the more persistent the more it was, as a series
 * so short shows least of what lasts longest.
 */
function otherwise({ phi, innovations }: Change, random: Random): Pick<Change, "phi" | "innovations"> {
  const error = Math.sqrt((1 - phi ** 2) / innovations.length);
  const lasting = Math.max(0, phi);
  const drawn = phi + error * (doubt * lasting * (1 + 4 * Math.max(0, lasting - 0.4)) + random.normal());
  return { phi: Math.max(-0.9, Math.min(0.98, drawn)), innovations };
}

function noiseOf(
  { phi, innovations }: Pick<Change, "phi" | "innovations">,
  length: number,
  random: Random,
): Float64Array {
  const mean = meanOf(innovations);
  const draw = () => (innovations[random.integer(innovations.length)] as number) - mean;
  let level = 0;
  for (let i = 0; i < 30; i++) level = phi * level + draw();
  return Float64Array.from({ length }, () => {
    level = phi * level + draw();
    return level;
  });
}
