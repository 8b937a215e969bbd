import { checkOptions } from "../../options.ts";
import { wholeNumber } from "../check.ts";
import { normalQuantiles } from "../local/intervals/normal-quantiles.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";

/** Settings of `windowAverage`. */
export interface WindowAverageOptions {
  /** Number of last rows that are averaged. */
  readonly window: number;
}

/** The window average forecaster. It uses no covariates, so it never needs future rows. */
export type WindowAverage = LocalForecaster<"windowAverage">;

/**
 * Predicts the mean of the last `window` rows for every step. Missing values are left out of the mean; when all of the window is
 * missing, the latest known value stands in. Every series needs `window` rows.
 *
 * Intervals are normal, with the deviation of its own errors of one step where the window was full; each error moves the averages of the windows that it is in, so that they widen with the steps.
 * A series without a row after its first window has none: its quantiles are NaN.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function windowAverage(options: WindowAverageOptions): WindowAverage {
  checkOptions("MODEL_PARAMETER_INVALID", "windowAverage()", options, { window: true });
  return localForecaster(modelOf(wholeNumber("window", options.window)), ({ window }) =>
    modelOf(window as number),
  );
}

/** Where the state has the place of the next row, that of the oldest; whether the window is full, 1 if so; the latest value; the squared errors and their number; sum and number of the known values in the window. Then come the rows of the window. */
const [placeAt, fullAt, latestAt, squaresAt, countAt, sumAt, knownAt, windowAt] = [0, 1, 2, 3, 4, 5, 6, 7];

function modelOf(window: number): LocalModel<"windowAverage"> {
  return {
    kind: "windowAverage",
    params: { window },
    neededRows: 1,
    span: { rows: window, of: `a window of ${window} rows` },
    keptRows: window,
    warmupRows: () => window,
    fit: () => ({
      parameters: new Float64Array(0),
      state: new Float64Array(windowAt + window)
        .fill(Number.NaN, windowAt)
        .fill(Number.NaN, latestAt, squaresAt),
    }),
    absorb({ state }, value) {
      absorbAll(state, Float64Array.of(value));
    },
    absorbAll: ({ state }, values) => absorbAll(state, values),
    forecast({ state }, mean) {
      const known = state[knownAt] as number;
      mean.fill(known === 0 ? (state[latestAt] as number) : sumOf(state, state[placeAt] as number) / known);
    },
    knowsErrors: ({ state }) => (state[countAt] as number) > 0,
    quantiles({ state }, mean, probabilities, values) {
      const deviation = deviationOf(state);
      const spread = spreadOf(state, mean.length);
      normalQuantiles(mean, (step) => deviation * (spread[step - 1] as number), probabilities, values);
    },
    paths(fit, steps) {
      const mean = new Float64Array(steps);
      this.forecast(fit, mean);
      const deviation = deviationOf(fit.state);
      const shares = sharesOf(fit.state, steps);
      return (random, values) => {
        follow(window, shares, 0, () => deviation * random.normal(), values);
        for (let h = 0; h < steps; h++) values[h] = (values[h] as number) + (mean[h] as number);
      };
    },
    summary(fit) {
      const average = new Float64Array(1);
      this.forecast(fit, average);
      return { average: average[0] as number, deviation: deviationOf(fit.state) };
    },
  };
}

function absorbAll(state: Float64Array, values: Float64Array): void {
  const window = state.length - windowAt;
  let place = state[placeAt] as number;
  let isFull = state[fullAt] === 1;
  let latest = state[latestAt] as number;
  let squares = state[squaresAt] as number;
  let count = state[countAt] as number;
  let sum = state[sumAt] as number;
  let known = state[knownAt] as number;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    const isKnown = !Number.isNaN(value);
    if (isFull && isKnown && !Number.isNaN(latest)) {
      squares += (value - (known === 0 ? latest : sum / known)) ** 2;
      count++;
    }
    const oldest = state[windowAt + place] as number;
    state[windowAt + place] = value;
    if (!Number.isNaN(oldest)) {
      sum -= oldest;
      known--;
    }
    if (isKnown) {
      sum += value;
      known++;
      latest = value;
    }
    if (++place < window) continue;
    place = 0;
    isFull = true;
    // What adding and taking away leaves of rounding does not pile up: once a window the sum begins anew.
    sum = sumOf(state, 0);
  }
  state[placeAt] = place;
  state[fullAt] = isFull ? 1 : 0;
  state[latestAt] = latest;
  state[squaresAt] = squares;
  state[countAt] = count;
  state[sumAt] = sum;
  state[knownAt] = known;
}

/** Sum of the known values of the window, from one place on and round. */
function sumOf(state: Float64Array, place: number): number {
  const window = state.length - windowAt;
  let sum = 0;
  for (let i = place; i < place + window; i++) {
    const value = state[windowAt + (i < window ? i : i - window)] as number;
    if (!Number.isNaN(value)) sum += value;
  }
  return sum;
}

/** What each row weighs in the average before each of the next steps, which the values of the steps before it belong to. */
function sharesOf(state: Float64Array, steps: number): Float64Array {
  const window = state.length - windowAt;
  let known = state[knownAt] as number;
  return new Float64Array(steps).map((_, h) => {
    if (h > 0 && h <= window) {
      const oldest = state[windowAt + (((state[placeAt] as number) + h - 1) % window)] as number;
      if (Number.isNaN(oldest)) known++;
    }
    return 1 / known;
  });
}

/** Writes how far the steps from one on are from their forecasts: by errors of their own, and by what those before them moved the average. */
function follow(
  window: number,
  shares: Float64Array,
  from: number,
  nextError: (step: number) => number,
  away: Float64Array,
): void {
  let sum = 0;
  for (let step = from; step < away.length; step++) {
    // Before the first step nothing has moved, and all of its window may be missing.
    away[step] = (sum === 0 ? 0 : sum * (shares[step] as number)) + nextError(step);
    sum += away[step] as number;
    if (step - window >= from) sum -= away[step - window] as number;
  }
}

/** Deviation of each step in units of the one-step deviation. */
function spreadOf(state: Float64Array, steps: number): Float64Array {
  const window = state.length - windowAt;
  const shares = sharesOf(state, steps);
  const away = new Float64Array(steps);
  const variances = new Float64Array(steps);
  for (let from = 0; from < steps; from++) {
    follow(window, shares, from, (step) => (step === from ? 1 : 0), away);
    for (let step = from; step < steps; step++)
      variances[step] = (variances[step] as number) + (away[step] as number) ** 2;
  }
  return variances.map(Math.sqrt);
}

function deviationOf(state: Float64Array): number {
  return Math.sqrt((state[squaresAt] as number) / (state[countAt] as number));
}
