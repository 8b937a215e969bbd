/**
 * How the spread of innovations comes in runs: the variance expected of the next one, over the usual one, is
 * `1 - shock - memory + shock * (last squared innovation) + memory * (last variance)`. Both are 0 where spreads do not come in runs.
 * Source: T. Bollerslev (1986), "Generalized autoregressive conditional heteroskedasticity", J. Econometrics 31.
 */
export interface Volatility {
  readonly shock: number;
  readonly memory: number;
}

const steady: Volatility = { shock: 0, memory: 0 };
const shocks = [0.03, 0.06, 0.1, 0.15, 0.22, 0.3];
/** How long runs last: what is left of a run after a row. */
const persistences = [0.4, 0.7, 0.85, 0.92, 0.96, 0.98];
/** Runs must be likelier by this much (natural logarithm), over the relative variance of sizes, to be believed. */
const leastGain = 2;
/** Of all that are nearly as likely as the likeliest, the longest runs are taken: shorter ones would look like a new spread. */
const likelyLoss = 0.5;
/** Squared innovations count up to this many times what was expected: one broken reading must not widen all that follow. */
const mostSquare = 16;

/** The variance expected of the next innovation. @param innovation - Of usual variance 1; NaN for a missing one. */
export function nextVariance({ shock, memory }: Volatility, variance: number, innovation: number): number {
  const square = Number.isNaN(innovation)
    ? variance
    : Math.min(innovation * innovation, mostSquare * variance);
  return 1 - shock - memory + shock * square + memory * variance;
}

/**
 * Fits runs to innovations of usual variance 1 (NaN is missing), by the likelihood of an exponential distribution of their sizes, which
 * heavy tails do not mislead.
 */
export function fitVolatility(innovations: Float64Array): Volatility {
  const even = unlikelihood(innovations, steady);
  const candidates = persistences.flatMap((persistence) =>
    shocks
      .filter((shock) => shock < persistence)
      .map((shock) => {
        const volatility = { shock, memory: persistence - shock };
        return { volatility, value: unlikelihood(innovations, volatility).value };
      }),
  );
  const least = Math.min(...candidates.map(({ value }) => value));
  if (!(least < even.value - leastGain * even.relativeVariance)) return steady;
  const lasting = candidates.findLast(({ value }) => value < least + likelyLoss * even.relativeVariance);
  return (lasting as (typeof candidates)[number]).volatility;
}

function unlikelihood(innovations: Float64Array, volatility: Volatility) {
  let [variance, logarithms, sizes, squares, count] = [1, 0, 0, 0, 0];
  for (const innovation of innovations) {
    if (!Number.isNaN(innovation)) {
      const size = Math.abs(innovation) / Math.sqrt(variance);
      logarithms += Math.log(variance) / 2;
      sizes += size;
      squares += size * size;
      count++;
    }
    variance = nextVariance(volatility, variance, innovation);
  }
  const mean = sizes / count;
  return { value: logarithms + count * Math.log(mean), relativeVariance: squares / count / mean ** 2 - 1 };
}
