import { fSurvival } from "../../stats/distributions.ts";

/** Numbers of harmonics that a season is looked for with: from a smooth wave to a pattern in which each twelfth of the season has its own height. */
const mostHarmonics = 12;
const harmonicsAsked = [2, 6, mostHarmonics];
/** Degrees of freedom that the noise keeps, at least. */
const fewestFree = 6;
/** Noise that is less likely than the likeliest by no more than this is possible as well, in units of the log likelihood. */
const nearlyAsLikely = 1;
/** Periods that are no season, in units of it: noise that swings goes with them as well. */
const decoys = [0.8, 0.9, 1.1, 1.25];

/** What a perfect fit leaves by rounding, as a share of the squares. */
const rounding = 1e-11;

interface Noise {
  readonly autoregressive: number;
  readonly movingAverage: number;
}

/** From none over autocorrelations of any size to all but a random walk; and a walk of the level with noise about it. */
const noises: readonly Noise[] = [-0.3, 0, 0.3, 0.5, 0.7, 0.85, 0.95, 0.995].flatMap((autoregressive) =>
  (autoregressive < 0.5 ? [0] : [0, -0.3, -0.6, -0.8]).map((movingAverage) => ({
    autoregressive,
    movingAverage,
  })),
);

/**
 * How likely chance makes a season look as clear as it does: for series of two to a few seasons, of which autocorrelations at the season's lag say little.
 *
 * The series is regressed on a line, a shorter season (12 harmonics at most), and 2, 6 and 12 harmonics of the season, by generalised least squares with ARMA(1,1) noise,
 * so that a random walk, which now and then wanders like a season, is not taken for one. An F test compares the squares with and without the harmonics, times
 * the number of tests (Bonferroni). The noise is that of the greatest restricted likelihood, or of one nearly as great if it makes the season less clear.
 * 1 where a period nearby that is no season is clearer by much, or the rows are too few or all the same.
 * @param filled - Without missing values.
 * @param shorter - A season that is known to be there; null for none.
 */
export function chanceOfSeason(filled: Float64Array, period: number, shorter: number | null): number {
  const regression = regressionOn(filled, period, shorter);
  if (regression === null) return 1;
  const tried = noises.map((noise) => ({ noise, ...judge(regression, noise) }));
  const best = tried.reduce((likeliest, one) => (one.likelihood > likeliest.likelihood ? one : likeliest));
  for (const share of decoys) {
    const decoy = regressionOn(filled, share * period, shorter);
    if (decoy !== null && judge(decoy, best.noise).chance < best.chance ** 1.25) return 1;
  }
  return tried
    .filter(({ likelihood }) => likelihood >= best.likelihood - nearlyAsLikely)
    .reduce((greatest, { chance }) => Math.max(greatest, chance), 0);
}

interface Regression {
  /** The regressors, those without the season first, its longest waves next; last the series. */
  readonly columns: readonly Float64Array[];
  /** Regressors without the season. */
  readonly without: number;
  /** Regressors with so many harmonics as are asked for, ascending. */
  readonly withSeason: readonly number[];
}

/** Null when the rows are too few, or all the same. */
function regressionOn(filled: Float64Array, period: number, shorter: number | null): Regression | null {
  const rows = filled.length;
  const without = 2 + (shorter === null ? 0 : Math.min(shorter - 1, 2 * mostHarmonics));
  // Waves shorter than the shorter season would be among its own.
  const most = shorter === null ? Math.floor(period / 2) : Math.ceil(period / shorter) - 1;
  const withSeason = [
    ...new Set(harmonicsAsked.map((count) => without + Math.min(2 * count, 2 * most, Math.ceil(period) - 1))),
  ].filter((regressors) => regressors > without && rows - regressors >= fewestFree);
  if (withSeason.length === 0 || filled.every((value) => value === filled[0])) return null;
  const column = (wave: (t: number) => number) => Float64Array.from(filled, (_, t) => wave(t));
  const columns = [column(() => 1), column((t) => (2 * t) / (rows - 1) - 1)];
  const addWaves = (length: number, end: number) => {
    for (let k = 1; columns.length < end; k++) {
      const angle = (2 * Math.PI * k) / length;
      columns.push(column((t) => Math.cos(angle * t)));
      if (columns.length < end) columns.push(column((t) => Math.sin(angle * t)));
    }
  };
  if (shorter !== null) addWaves(shorter, without);
  addWaves(period, withSeason.at(-1) as number);
  const mean = filled.reduce((sum, value) => sum + value / rows, 0);
  const centred = filled.map((value) => value - mean);
  // Squares of the smallest numbers are 0, of the largest infinite: a season is as clear in any unit.
  const largest = centred.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const series = centred.map((value) => value / largest);
  return { columns: [...columns, series], without, withSeason };
}

/** Restricted log likelihood of the noise, and the least chance that an F test gives, times the number of tests. */
function judge(
  { columns, without, withSeason }: Regression,
  noise: Noise,
): { readonly likelihood: number; readonly chance: number } {
  const rows = (columns[0] as Float64Array).length;
  const regressors = columns.length - 1;
  const { left, logDeterminant } = sequentialSquares(columns.map((column) => whitened(column, noise)));
  const chances = withSeason.map((count) => {
    const rest = left[count] as number;
    // A line without noise leaves what rounding makes of it.
    if (!((left[without] as number) > rounding * (left[0] as number))) return 1;
    const explained = (left[without] as number) - rest;
    const f = explained / (count - without) / (rest / (rows - count));
    return fSurvival(f, count - without, rows - count);
  });
  const free = rows - regressors;
  const logVariances = sumOfLogVariances(rows, noise);
  return {
    likelihood: -0.5 * (free * Math.log((left[regressors] as number) / free) + logDeterminant + logVariances),
    chance: Math.min(1, chances.length * Math.min(...chances)),
  };
}

/** Variances of the one-step errors, in units of the last one's: the innovations of ARMA(1,1), Brockwell & Davis (1991), section 5.3. */
function* variances({ autoregressive, movingAverage }: Noise): Generator<number, never> {
  const square = movingAverage ** 2;
  let variance = (1 + 2 * autoregressive * movingAverage + square) / (1 - autoregressive ** 2);
  for (;;) {
    yield variance;
    variance = 1 + square - square / variance;
  }
}

/** The one-step errors of a column under a noise, in units of their deviations. */
function whitened(column: Float64Array, noise: Noise): Float64Array {
  const steps = variances(noise);
  let predicted = 0;
  return column.map((value) => {
    const variance = steps.next().value;
    const error = value - predicted;
    predicted = noise.autoregressive * value + (noise.movingAverage / variance) * error;
    return error / Math.sqrt(variance);
  });
}

function sumOfLogVariances(rows: number, noise: Noise): number {
  const steps = variances(noise);
  let sum = 0;
  for (let t = 0; t < rows; t++) sum += Math.log(steps.next().value);
  return sum;
}

/** Squares of the last column that are left once the first 0, 1, 2, ... columns have been taken out (Cholesky's factor of the products), and the determinant of these. */
function sequentialSquares(columns: readonly Float64Array[]): {
  readonly left: Float64Array;
  readonly logDeterminant: number;
} {
  const size = columns.length;
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) {
      let sum = product(columns[i] as Float64Array, columns[j] as Float64Array);
      const own = sum;
      for (let k = 0; k < j; k++) sum -= (factor[i * size + k] as number) * (factor[j * size + k] as number);
      factor[i * size + j] =
        i === j
          ? Math.sqrt(Math.max(sum, rounding * own, Number.MIN_VALUE))
          : sum / (factor[j * size + j] as number);
    }
  const last = size - 1;
  const left = new Float64Array(size);
  left[last] = (factor[last * size + last] as number) ** 2;
  let logDeterminant = 0;
  for (let j = last - 1; j >= 0; j--) {
    left[j] = (left[j + 1] as number) + (factor[last * size + j] as number) ** 2;
    logDeterminant += 2 * Math.log(factor[j * size + j] as number);
  }
  return { left, logDeterminant };
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (b[t] as number);
  return sum;
}
