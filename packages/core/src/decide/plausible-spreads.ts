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

/** One way in which values may follow each other: an autoregression of order 1 plus noise of the moment. */
interface Way {
  /** From one observation to the next that does not overlap it. */
  readonly autocorrelation: number;
  /** Part of the long-run variance that persists. */
  readonly share: number;
  /** How likely it is before the series is seen, up to a factor. */
  readonly prior: number;
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

const strictWays: readonly Way[] = autocorrelations.flatMap((autocorrelation) =>
  (autocorrelation === 0 ? [1] : shares).map((share) => ({
    autocorrelation,
    share,
    prior:
      (autocorrelation === 0 ? weightOfNone : 1 / shares.length) *
      (1 - autocorrelation) ** -exponentOfLasting,
  })),
);

/** The same for one variance of the whole series: parts of the variance of single values, and weights that let few values say less. Chosen by simulation too. */
const likelyWays: readonly Way[] = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.94].flatMap(
  (autocorrelation) => {
    const parts = autocorrelation === 0 ? [1] : [1, 0.85, 0.7, 0.5];
    return parts.map((part) => {
      const lasting = (part * (1 + autocorrelation)) / (1 - autocorrelation);
      return {
        autocorrelation,
        share: lasting / (lasting + 1 - part),
        prior: (autocorrelation === 0 ? 20 : 1) / parts.length,
      };
    });
  },
);

/** The slowest transforms are enough to tell how values of a long series follow each other. */
const mostSeen = 250;

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
  const squares = squaredTransforms(centred, transforms);
  return weighedSpreads(squares, { n: centred.length, transforms, horizon, ways: strictWays });
}

/**
 * The long-run variance of a series: the mean of its slowest squared cosine transforms, each raised to frequency 0 by the spectrum of an autoregression of order
 * 1 plus noise, averaged over all of these by how likely they make all transforms slower than an overlap (Whittle's likelihood).
 * @param transforms - That the variance is made of: its degrees of freedom.
 */
export function plausibleVariance(centred: Float64Array, transforms: number, horizon: number): number {
  const n = centred.length;
  const seen = Math.max(transforms, Math.min(n - 1, Math.floor(n / horizon), mostSeen));
  const squares = squaredTransforms(centred, seen);
  const { deviations, weights } = weighedSpreads(squares, { n, transforms, horizon, ways: likelyWays });
  let variance = 0;
  deviations.forEach((deviation, i) => {
    variance += (weights[i] as number) * deviation * deviation;
  });
  return variance;
}

/** Weighs by all squares given, and makes each deviation of the first `transforms` of them. */
function weighedSpreads(
  squares: Float64Array,
  {
    n,
    transforms,
    horizon,
    ways,
  }: {
    readonly n: number;
    readonly transforms: number;
    readonly horizon: number;
    readonly ways: readonly Way[];
  },
): PlausibleSpreads {
  const deviations: number[] = [];
  const logarithms: number[] = [];
  for (const { autocorrelation, share, prior } of ways) {
    let sum = 0;
    let slowest = 0;
    let logarithm = Math.log(prior);
    squares.forEach((square, j) => {
      const persistent = relativeSpectrum(autocorrelation, (Math.PI * (j + 1)) / n, horizon);
      const spectrum = share * persistent + (1 - share);
      sum += square / spectrum;
      logarithm -= Math.log(spectrum) / 2;
      if (j < transforms) slowest = sum;
    });
    // The scale is integrated out, its logarithm being as likely anywhere.
    logarithms.push(logarithm - (squares.length / 2) * Math.log(Math.max(sum, Number.MIN_VALUE)));
    deviations.push(Math.sqrt(slowest / transforms));
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
