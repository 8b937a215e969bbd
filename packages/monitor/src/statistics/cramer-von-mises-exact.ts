import { TsopsError } from "@tsops/core";

/** Additions that an exact p-value may take: some seconds. */
const mostWork = 2e9;

/** Sums of squares from `first` on, with the probability of each. */
interface Masses {
  readonly first: number;
  readonly values: Float64Array;
}

/** Smallest and largest sums of squares on the ways to a cell of the lattice, or from it to the end. */
interface Bounds {
  readonly least: Float64Array;
  readonly most: Float64Array;
}

/**
 * P(T >= observed) of the two-sample Cramér-von Mises statistic when all n + m values are different and in random order: the distribution of
 * the sum of squares is carried along the lattice of how many of either sample have come. What can no longer reach the observed sum is
 * dropped, and what can no longer miss it is counted.
 * Source: Y. Xiao, A. Gordon, A. Yakovlev (2006), "A C++ program for the Cramér-von Mises two-sample test", J. Stat. Software 17(8).
 * @param squares - n m (n + m)^2 T.
 */
export function exactCramerVonMisesSurvival(squares: number, n: number, m: number): number {
  const divisor = greatestCommonDivisor(n, m);
  const square = (i: number, j: number): number => ((i * m - j * n) / divisor) ** 2;
  // Whole for values that are all different; ties may give fractions.
  const observed = Math.floor(squares / divisor ** 2 + 1e-9);
  const before = boundsBefore(n, m, square);
  const rest = boundsAfter(n, m, square);
  if (observed <= rest.least[0]!) return 1;
  const first = before.least.map((least, cell) => Math.max(least, observed - rest.most[cell]!));
  const end = before.most.map((most, cell) => Math.min(most + 1, observed - rest.least[cell]!));
  const work = first.reduce((sum, from, cell) => sum + Math.max(0, end[cell]! - from), 0);
  if (!(work <= mostWork))
    throw new TsopsError("MONITOR_INVALID", `An exact p-value of ${n} and ${m} values takes too long.`, {
      hint: 'Use method: "asymptotic".',
      details: { reference: n, current: m },
    });

  let tail = 0;
  const row: Masses[] = [];
  for (let i = 0; i <= n; i++)
    for (let j = 0; j <= m; j++) {
      const cell = i * (m + 1) + j;
      const masses = {
        first: first[cell]!,
        values: new Float64Array(Math.max(0, end[cell]! - first[cell]!)),
      };
      const enough = observed - rest.least[cell]!;
      const left = n + m - i - j + 1;
      if (cell === 0 && masses.first === 0) masses.values[0] = 1;
      if (i > 0) tail += move(row[j]!, (n - i + 1) / left, square(i, j), masses, enough);
      if (j > 0) tail += move(row[j - 1]!, (m - j + 1) / left, square(i, j), masses, enough);
      row[j] = masses;
    }
  return Math.min(1, tail);
}

/** Adds what comes from a neighbouring cell, and gives the probability of sums that are large enough whatever follows. */
function move(from: Masses, probability: number, square: number, to: Masses, enough: number): number {
  let tail = 0;
  for (let k = Math.max(0, to.first - from.first - square); k < from.values.length; k++) {
    const sum = from.first + k + square;
    if (sum >= enough) tail += from.values[k]! * probability;
    else to.values[sum - to.first]! += from.values[k]! * probability;
  }
  return tail;
}

function boundsBefore(n: number, m: number, square: (i: number, j: number) => number): Bounds {
  const width = m + 1;
  const least = new Float64Array((n + 1) * width);
  const most = new Float64Array(least.length);
  for (let i = 0; i <= n; i++)
    for (let j = 0; j <= m; j++) {
      const cell = i * width + j;
      if (cell === 0) continue;
      const [above, beside] = [i > 0 ? cell - width : cell - 1, j > 0 ? cell - 1 : cell - width];
      least[cell] = square(i, j) + Math.min(least[above]!, least[beside]!);
      most[cell] = square(i, j) + Math.max(most[above]!, most[beside]!);
    }
  return { least, most };
}

/** Without the cell's own square. The lattice looks the same from its end. */
function boundsAfter(n: number, m: number, square: (i: number, j: number) => number): Bounds {
  const { least, most } = boundsBefore(n, m, square);
  const own = Float64Array.from(least, (_, cell) => square(Math.floor(cell / (m + 1)), cell % (m + 1)));
  return {
    least: least.map((sum, cell) => sum - own[cell]!).reverse(),
    most: most.map((sum, cell) => sum - own[cell]!).reverse(),
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
