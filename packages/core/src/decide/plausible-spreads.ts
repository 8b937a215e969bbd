import { studentTQuantile, studentTSurvival } from "../stats/distributions.ts";
import { squaredTransforms } from "./cosine-transforms.ts";

/**
 * How far the mean of a series may stray from its expectation, times the square root of its length: a mixture of Student's t
 * distributions, one for each way in which its values may follow each other, weighted by how well that agrees with the series.
 */
interface PlausibleSpreads {
  readonly deviations: Float64Array;
  /** They add up to 1. */
  readonly weights: Float64Array;
  /** Cosine transforms that each deviation is made of: its degrees of freedom. */
  readonly degrees: number;
}

/** Autocorrelations of what persists, from one observation to the next that does not overlap it. */
const autocorrelations = [0, 0.2, 0.4, 0.55, 0.7, 0.8, 0.87, 0.92, 0.95];
/** Parts of the long-run variance that it may have; the rest is noise of the moment. */
const shares = [1, 0.9, 0.75];
/** How likely none is before the series is seen. Less of it and 14 folds prove nothing; more, and losses that follow each other for long are promoted too often. */
const weightOfNone = 70;
/** The longer something lasts the less a short series shows of it, so the more it is allowed for. Both weights are chosen by simulation (bench/gate). */
const exponentOfLasting = 1;
/** From this many transforms on no more than 0.41 (n / horizon)^(2/3) are taken: more of them would see seasons and other things that no mean depends on. */
const enough = 24;

/** Cosine transforms to take of n values of which neighbours overlap `horizon` at a time: what is slower than an overlap. */
export function transformsOf(n: number, horizon: number): number {
  const apart = (n / horizon) ** (2 / 3);
  const wanted = Math.max(Math.min(1.5 * apart, enough), 0.41 * apart);
  return Math.max(1, Math.min(Math.floor(wanted), n - 1));
}

/**
 * Fits spectra of an autoregression of order 1 plus noise to the cosine transforms of lowest frequency, each independent and normal with the spectrum at
 * its frequency as variance, and averages over all of them by their likelihood: no single estimate of the autocorrelation is trusted, as
 * a short series whose values follow each other for long looks like one with another mean.
 * Source: U. K. Mueller (2014), "HAC corrections for strongly autocorrelated time series", JBES 32, for inference by low frequencies that allows
 * for persistence; the average over a prior in place of his least favourable one is ours.
 * @param horizon - Steps that neighbours overlap: persistence is counted in them.
 */
export function plausibleSpreads(
  centred: Float64Array,
  transforms: number,
  horizon: number,
): PlausibleSpreads {
  const n = centred.length;
  const squares = squaredTransforms(centred, transforms);
  const deviations: number[] = [];
  const logarithms: number[] = [];
  for (const autocorrelation of autocorrelations)
    for (const share of autocorrelation === 0 ? [1] : shares) {
      const prior =
        (autocorrelation === 0 ? weightOfNone : 1 / shares.length) *
        (1 - autocorrelation) ** -exponentOfLasting;
      let sum = 0;
      let logarithm = Math.log(prior);
      for (let j = 0; j < transforms; j++) {
        const persistent = relativeSpectrum(autocorrelation, (Math.PI * (j + 1)) / n, horizon);
        const spectrum = share * persistent + (1 - share);
        sum += (squares[j] as number) / spectrum;
        logarithm -= Math.log(spectrum) / 2;
      }
      // The scale is integrated out, its logarithm being as likely anywhere.
      logarithms.push(logarithm - (transforms / 2) * Math.log(Math.max(sum, Number.MIN_VALUE)));
      deviations.push(Math.sqrt(sum / transforms));
    }
  const likeliest = Math.max(...logarithms);
  const weights = Float64Array.from(logarithms, (value) => Math.exp(value - likeliest));
  const total = weights.reduce((a, b) => a + b, 0);
  return {
    deviations: Float64Array.from(deviations),
    weights: weights.map((weight) => weight / total),
    degrees: transforms,
  };
}

/** Of an autoregression of order 1, over that at frequency 0. */
function relativeSpectrum(autocorrelation: number, frequency: number, horizon: number): number {
  const corner = (1 - autocorrelation) / horizon;
  return corner ** 2 / (corner ** 2 + 4 * autocorrelation * Math.sin(frequency / 2) ** 2);
}

/** The x that the mean strays further than, to one side and over the square root of the length, with this probability below 1/2. */
export function upperQuantile(spreads: PlausibleSpreads, probability: number): number {
  const { degrees } = spreads;
  const likely = Array.from(spreads.weights.keys()).filter(
    // The others together cannot move it.
    (i) => (spreads.weights[i] as number) > 1e-4 * probability,
  );
  const survival = (x: number): number => {
    let sum = 0;
    for (const i of likely)
      sum +=
        (spreads.weights[i] as number) * studentTSurvival(x / (spreads.deviations[i] as number), degrees);
    return sum;
  };
  let high = Math.max(...likely.map((i) => spreads.deviations[i] as number));
  if (!(high > 0)) return 0;
  while (survival(high) > probability) high *= 2;
  return rootBetween((x) => Math.log(survival(x) / probability), 0, high);
}

/** The one t distribution that comes nearest: that with the same quantiles at 95 and 99.5 %. */
export function nearestStudentT(spreads: PlausibleSpreads): {
  readonly deviation: number;
  readonly degrees: number;
} {
  const near = upperQuantile(spreads, 0.05);
  if (near === 0) return { deviation: 0, degrees: spreads.degrees };
  const ratio = upperQuantile(spreads, 0.005) / near;
  // In 1 / degrees, in which tails change evenly.
  const excess = (inverse: number): number =>
    Math.log(0.005 / studentTSurvival(ratio * studentTQuantile(0.95, 1 / inverse), 1 / inverse));
  const [least, most] = [1 / spreads.degrees, 2];
  const degrees =
    1 / (excess(least) <= 0 ? least : excess(most) >= 0 ? most : rootBetween(excess, least, most));
  return { deviation: near / studentTQuantile(0.95, degrees), degrees };
}

/** Where a function that falls from above 0 to below becomes 0: false position with halving (the Illinois rule). */
function rootBetween(falling: (x: number) => number, from: number, to: number): number {
  let [low, high] = [from, to];
  let [above, below] = [falling(low), falling(high)];
  for (let i = 0; i < 100 && high - low > 1e-10 * high; i++) {
    const x = i % 8 === 7 ? (low + high) / 2 : (low * below - high * above) / (below - above);
    const value = falling(x);
    if (Math.abs(value) < 1e-7) return x;
    if (value > 0) {
      [low, above] = [x, value];
      below /= 2;
    } else {
      [high, below] = [x, value];
      above /= 2;
    }
  }
  return (low + high) / 2;
}
