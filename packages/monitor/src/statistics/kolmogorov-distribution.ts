import { binomialProbability } from "@tsops/core";

/** Terms of Smirnov's sum: where there are many more, they are so smooth that evenly spread ones give the same to the last digits. */
const smirnovTerms = 8192;

/**
 * P(D >= x) of the two-sided Kolmogorov-Smirnov statistic of n independent values from a known continuous distribution.
 * The choice of method by n and x is that of R. Simard and P. L'Ecuyer (2011), "Computing the two-sided Kolmogorov-Smirnov distribution",
 * J. Stat. Software 39(11); precise to about 1e-10 where the asymptotic series is used, and to about 1e-13 elsewhere.
 */
export function kolmogorovSurvival(x: number, n: number): number {
  const t = n * x;
  if (x >= 1) return 0;
  if (t <= 0.5) return 1;
  if (t <= 1) return 1 - narrowest(t, n);
  const scaled = t * x;
  // Up to here the two sides exclude one another, or as good as.
  if (x >= 0.5 || scaled > (n <= 140 ? 4 : 2.2)) return Math.min(1, 2 * smirnovSurvival(x, n));
  if (n <= 140 || (n <= 100_000 && n * x ** 1.5 <= 1.4)) return clipped(1 - durbin(x, n));
  return clipped(1 - pelzGood(x, n));
}

/**
 * P(D+ >= x) of the one-sided statistic: sum over j of x / (x + j / n) times the binomial probability of j at x + j / n.
 * Source: N. V. Smirnov (1944); Z. W. Birnbaum, F. H. Tingey (1951), Ann. Math. Statist. 22.
 */
function smirnovSurvival(x: number, n: number): number {
  const last = Math.floor(n * (1 - x));
  const step = Math.max(1, Math.floor(n / smirnovTerms));
  let sum = 0;
  for (let j = 0; j <= last; j += step) {
    const probability = x + j / n;
    const complement = 1 - x - j / n;
    if (complement <= 0) break;
    sum += (x / probability) * binomialProbability(j, n, Math.min(1, probability), complement);
  }
  return step * sum;
}

/** P(D < x) for 1 / 2n <= x <= 1 / n: n! (2x - 1 / n)^n. Source: H. Ruben, J. Gambino (1982). */
function narrowest(t: number, n: number): number {
  let probability = 1;
  for (let i = 1; i <= n; i++) probability *= (i / n) * (2 * t - 1);
  return probability;
}

/**
 * P(D < x) by the power of a matrix.
 * Source: G. Marsaglia, W. W. Tsang, J. Wang (2003), "Evaluating Kolmogorov's distribution", J. Stat. Software 8(18).
 */
function durbin(x: number, n: number): number {
  const k = Math.ceil(n * x);
  const h = k - n * x;
  const size = 2 * k - 1;
  const factorials = [1];
  for (let i = 1; i <= size; i++) factorials.push(factorials[i - 1]! * i);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= Math.min(i + 1, size - 1); j++) {
      let entry = 1;
      if (j === 0) entry -= h ** (i + 1);
      if (i === size - 1) entry -= h ** (size - j);
      if (j === 0 && i === size - 1 && h > 0.5) entry += (2 * h - 1) ** size;
      matrix[i * size + j] = entry / factorials[i - j + 1]!;
    }
  let { values, exponent } = power({ values: matrix, exponent: 0 }, n, size);
  let probability = values[(k - 1) * size + k - 1]!;
  for (let i = 1; i <= n; i++) {
    probability *= i / n;
    if (probability < 2 ** -500) {
      probability *= 2 ** 500;
      exponent -= 500;
    }
  }
  return probability * 2 ** exponent;
}

/** A matrix times a power of two, so that it neither over- nor underflows. */
interface ScaledMatrix {
  readonly values: Float64Array;
  readonly exponent: number;
}

function power(base: ScaledMatrix, n: number, size: number): ScaledMatrix {
  if (n === 1) return base;
  const half = power(base, n >> 1, size);
  const square = product(half, half, size);
  return n % 2 === 0 ? square : product(square, base, size);
}

function product(a: ScaledMatrix, b: ScaledMatrix, size: number): ScaledMatrix {
  const values = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const factor = a.values[i * size + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) values[i * size + j]! += factor * b.values[k * size + j]!;
    }
  const middle = values[(size >> 1) * size + (size >> 1)]!;
  const isLarge = middle > 2 ** 400;
  if (isLarge) for (let i = 0; i < values.length; i++) values[i]! *= 2 ** -400;
  return { values, exponent: a.exponent + b.exponent + (isLarge ? 400 : 0) };
}

/**
 * P(D < x) by an asymptotic series in 1 / sqrt(n) up to its third power.
 * Source: W. Pelz, I. J. Good (1976), "Approximating the lower tail-areas of the Kolmogorov-Smirnov one-sample statistic", JRSS B 38.
 */
function pelzGood(x: number, n: number): number {
  const z = x * Math.sqrt(n);
  const [z2, z4, z6, z8] = [z ** 2, z ** 4, z ** 6, z ** 8];
  const p2 = Math.PI ** 2;
  const p4 = p2 ** 2;
  const p6 = p2 ** 3;
  const sums = [0, 0, 0, 0];
  // Terms shrink like exp(-pi^2 k^2 / 2 z^2), and z is below 1.5 where this is used.
  for (let k = 0; k <= 20; k++) {
    const half2 = (k + 0.5) ** 2;
    const e = 2 * Math.exp((-p2 * half2) / (2 * z2));
    sums[0]! += e;
    sums[1]! += (p2 * half2 - z2) * e;
    sums[2]! += (6 * z6 + 2 * z4 + p2 * (2 * z4 - 5 * z2) * half2 + p4 * (1 - 2 * z2) * half2 ** 2) * e;
    sums[3]! +=
      (p6 * half2 ** 3 * (5 - 30 * z2) +
        p4 * half2 ** 2 * (-60 * z2 + 212 * z4) +
        p2 * half2 * (135 * z4 - 96 * z6) -
        30 * z6 -
        90 * z8) *
      e;
  }
  const whole = [0, 0];
  for (let k = 1; k <= 20; k++) {
    const square = k * k;
    const e = 2 * Math.exp((-p2 * square) / (2 * z2));
    whole[0]! += p2 * square * e;
    whole[1]! += (3 * p2 * square * z2 - p4 * square ** 2) * e;
  }
  const root = Math.sqrt(Math.PI / 2);
  return (
    root *
    (sums[0]! / z +
      sums[1]! / (6 * z4 * Math.sqrt(n)) +
      (sums[2]! / (72 * z ** 7) - whole[0]! / (36 * z ** 3)) / n +
      (sums[3]! / (6480 * z ** 10) + whole[1]! / (216 * z6)) / n ** 1.5)
  );
}

function clipped(probability: number): number {
  return Math.min(1, Math.max(0, probability));
}
