import { type Loess, loess, smoothRobustly, weightsAt } from "./loess.ts";

/** A series taken apart; trend and season add up to it but for the remainder. */
export interface StlParts {
  readonly trend: Float64Array;
  readonly season: Float64Array;
}

/**
 * STL: season and trend by local regression (Cleveland, Cleveland, McRae & Terpenning 1990, A seasonal-trend decomposition procedure based on
 * loess). The values of each phase are smoothed by themselves (degree 0), a low-pass filter takes out what is no season, the rest gives the trend (degree 1);
 * five rounds, or two in each of sixteen with weights that push outliers aside. Checked against statsmodels 0.14's `STL`.
 *
 * Without robustness every step is linear with weights that depend on the length alone; `stl` makes them once for all series of a length.
 * @param rows - At least two periods.
 * @param seasonWidth - Values of a phase in a window, odd, at least 3.
 * @returns The decomposition of series of this length, none missing.
 */
export function stl(
  rows: number,
  period: number,
  seasonWidth: number,
  robust: boolean,
): (y: Float64Array) => StlParts {
  const trendWidth = odd(Math.ceil((1.5 * period) / (1 - 1.5 / seasonWidth)));
  const passWidth = odd(period + 1);
  const trendLoess = loess(rows, trendWidth, 1);
  const passLoess = loess(rows, passWidth, 1);
  // A phase has this many values, or one more.
  const fewest = Math.floor(rows / period);
  const phaseLoess = [phaseSmoother(fewest, seasonWidth), phaseSmoother(fewest + 1, seasonWidth)] as const;
  const extended = rows + 2 * period;
  const rest = new Float64Array(rows);
  const cycle = new Float64Array(extended);
  const passed = new Float64Array(extended);
  const averaged = new Float64Array(extended);
  const ofPhase = new Float64Array(fewest + 1);
  const factorsOfPhase = new Float64Array(fewest + 1);
  const smoothed = new Float64Array(fewest + 3);

  const round = (
    y: Float64Array,
    trend: Float64Array,
    season: Float64Array,
    robustness: Float64Array | null,
  ): void => {
    for (let phase = 0; phase < period; phase++) {
      const count = Math.floor((rows - 1 - phase) / period) + 1;
      for (let i = 0; i < count; i++) {
        const row = i * period + phase;
        ofPhase[i] = (y[row] as number) - (trend[row] as number);
        if (robustness !== null) factorsOfPhase[i] = robustness[row] as number;
      }
      if (robustness === null) phaseLoess[count - fewest]?.(ofPhase, smoothed);
      else smoothPhaseRobustly(ofPhase, count, seasonWidth, factorsOfPhase, smoothed);
      for (let i = 0; i < count + 2; i++) cycle[i * period + phase] = smoothed[i] as number;
    }
    movingAverage(cycle, extended, period, passed);
    movingAverage(passed, extended - period + 1, period, averaged);
    movingAverage(averaged, rows + 2, 3, passed);
    passLoess.smooth(passed, rest);
    for (let t = 0; t < rows; t++) {
      season[t] = (cycle[period + t] as number) - (rest[t] as number);
      rest[t] = (y[t] as number) - (season[t] as number);
    }
    if (robustness === null) trendLoess.smooth(rest, trend);
    else smoothRobustly(rest, rows, trendWidth, 1, robustness, trend);
  };

  return (y) => {
    const trend = new Float64Array(rows);
    const season = new Float64Array(rows);
    let robustness: Float64Array | null = null;
    for (let outer = 0; outer <= (robust ? 15 : 0); outer++) {
      if (outer > 0) robustness = robustnessOf(y, trend, season);
      for (let inner = 0; inner < (robust ? 2 : 5); inner++) round(y, trend, season, robustness);
    }
    return { trend, season };
  };
}

function odd(width: number): number {
  return width % 2 === 0 ? width + 1 : width;
}

/** Smooths the values of one phase and goes one beyond each end. */
function phaseSmoother(count: number, width: number): (y: Float64Array, into: Float64Array) => void {
  const inside: Loess = loess(count, width, 0);
  const span = Math.min(width, count);
  const before = weightsAt(-1, 0, span, count, width, 0);
  return (y, into) => {
    inside.smooth(y, into.subarray(1));
    let head = 0;
    let tail = 0;
    for (let j = 0; j < span; j++) {
      head += (before[j] as number) * (y[j] as number);
      tail += (before[j] as number) * (y[count - 1 - j] as number);
    }
    into[0] = head;
    into[count + 1] = tail;
  };
}

function smoothPhaseRobustly(
  y: Float64Array,
  count: number,
  width: number,
  factors: Float64Array,
  into: Float64Array,
): void {
  smoothRobustly(y, count, width, 0, factors, into.subarray(1));
  const span = Math.min(width, count);
  for (const [at, from, near] of [
    [-1, 0, 1],
    [count, count - span, count],
  ] as const) {
    const weights = weightsAt(at, from, span, count, width, 0, factors);
    let sum = 0;
    for (let j = 0; j < span; j++) sum += (weights[j] as number) * (y[from + j] as number);
    into[at + 1] = Number.isNaN(sum) ? (into[near] as number) : sum;
  }
}

function movingAverage(x: Float64Array, rows: number, width: number, into: Float64Array): void {
  let sum = 0;
  for (let t = 0; t < width; t++) sum += x[t] as number;
  into[0] = sum / width;
  for (let t = 1; t <= rows - width; t++) {
    sum += (x[t + width - 1] as number) - (x[t - 1] as number);
    into[t] = sum / width;
  }
}

/** Bisquare weights of the remainders, against six times their median. */
function robustnessOf(y: Float64Array, trend: Float64Array, season: Float64Array): Float64Array {
  const sizes = y.map((value, t) => Math.abs(value - (trend[t] as number) - (season[t] as number)));
  const sorted = sizes.slice().sort();
  const middle = sizes.length >> 1;
  const limit = 3 * ((sorted[middle] as number) + (sorted[sizes.length - middle - 1] as number));
  if (limit === 0) return sizes.fill(1);
  return sizes.map((size) => {
    if (size <= 0.001 * limit) return 1;
    return size <= 0.999 * limit ? (1 - (size / limit) ** 2) ** 2 : 0;
  });
}
