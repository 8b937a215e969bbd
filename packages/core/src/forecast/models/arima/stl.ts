/** A series as trend, season and rest. */
export interface SeasonalTrend {
  readonly trend: Float64Array;
  readonly season: Float64Array;
}

/**
 * Seasonal and trend decomposition by loess, without robustness weights: Cleveland, Cleveland, McRae & Terpenning (1990), with the settings that
 * R's `mstl` and statsforecast give it for one season (seasonal window 11 of degree 0, five passes).
 */
export function stl(y: Float64Array, period: number): SeasonalTrend {
  const seasonalWindow = 11;
  const trendWindow = oddFrom(Math.ceil((1.5 * period) / (1 - 1.5 / seasonalWindow)));
  const lowPassWindow = oddFrom(period + 1);
  const rows = y.length;
  const trend = new Float64Array(rows);
  const season = new Float64Array(rows);
  for (let pass = 0; pass < 5; pass++) {
    const cycles = smoothCycles(
      y.map((value, t) => value - (trend[t] as number)),
      period,
      seasonalWindow,
    );
    const slow = loess(
      movingAverage(movingAverage(movingAverage(cycles, period), period), 3),
      lowPassWindow,
      1,
    );
    for (let t = 0; t < rows; t++) season[t] = (cycles[period + t] as number) - (slow[t] as number);
    trend.set(
      loess(
        y.map((value, t) => value - (season[t] as number)),
        trendWindow,
        1,
      ),
    );
  }
  return { trend, season };
}

function oddFrom(value: number): number {
  return value % 2 === 0 ? value + 1 : value;
}

/** Each phase of the season smoothed by itself, and continued by one row at both ends. */
function smoothCycles(values: Float64Array, period: number, window: number): Float64Array {
  const rows = values.length;
  const out = new Float64Array(rows + 2 * period);
  for (let phase = 0; phase < period; phase++) {
    const count = Math.floor((rows - phase - 1) / period) + 1;
    const cycle = Float64Array.from({ length: count }, (_, k) => values[k * period + phase] as number);
    const smooth = loess(cycle, window, 0);
    for (let k = 0; k < count; k++) out[(k + 1) * period + phase] = smooth[k] as number;
    const before = fitAt(cycle, window, 0, -1, 0, Math.min(window, count) - 1);
    out[phase] = Number.isNaN(before) ? (smooth[0] as number) : before;
    const after = fitAt(cycle, window, 0, count, Math.max(0, count - window), count - 1);
    out[(count + 1) * period + phase] = Number.isNaN(after) ? (smooth[count - 1] as number) : after;
  }
  return out;
}

function movingAverage(values: Float64Array, width: number): Float64Array {
  const out = new Float64Array(values.length - width + 1);
  let sum = 0;
  for (let t = 0; t < values.length; t++) {
    sum += values[t] as number;
    if (t >= width) sum -= values[t - width] as number;
    if (t >= width - 1) out[t - width + 1] = sum / width;
  }
  return out;
}

/** Local regression of degree 0 or 1 at every row. */
function loess(values: Float64Array, window: number, degree: 0 | 1): Float64Array {
  const rows = values.length;
  if (rows < 2) return values.slice();
  const out = new Float64Array(rows);
  const half = (window + 1) >> 1;
  let left = 0;
  let right = Math.min(window, rows) - 1;
  for (let t = 0; t < rows; t++) {
    if (window < rows && t >= half && right < rows - 1) {
      left++;
      right++;
    }
    const fit = fitAt(values, window, degree, t, left, right);
    out[t] = Number.isNaN(fit) ? (values[t] as number) : fit;
  }
  return out;
}

const weights = new Float64Array(4096);

/** The local regression at `at` on the rows from `left` to `right`; NaN where all weights are 0. */
function fitAt(
  values: Float64Array,
  window: number,
  degree: 0 | 1,
  at: number,
  left: number,
  right: number,
): number {
  const rows = values.length;
  const reach = Math.max(at - left, right - at) + (window > rows ? (window - rows) >> 1 : 0);
  const isRoomy = right - left < weights.length;
  const w = isRoomy ? weights : new Float64Array(right - left + 1);
  let total = 0;
  for (let j = left; j <= right; j++) {
    const distance = Math.abs(j - at);
    let weight = 0;
    if (distance <= 0.999 * reach) {
      const share = distance / reach;
      const rest = 1 - share * share * share;
      weight = distance <= 0.001 * reach ? 1 : rest * rest * rest;
    }
    w[j - left] = weight;
    total += weight;
  }
  if (total <= 0) return Number.NaN;
  let mean = 0;
  for (let j = left; j <= right; j++) mean += ((w[j - left] as number) / total) * j;
  let slope = 0;
  if (degree === 1 && reach > 0) {
    let spread = 0;
    for (let j = left; j <= right; j++) spread += ((w[j - left] as number) / total) * (j - mean) ** 2;
    if (Math.sqrt(spread) > 0.001 * (rows - 1)) slope = (at - mean) / spread;
  }
  let fit = 0;
  for (let j = left; j <= right; j++)
    fit += ((w[j - left] as number) / total) * (slope * (j - mean) + 1) * (values[j] as number);
  return fit;
}
