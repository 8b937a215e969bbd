import { knownValues } from "../local/known-values.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";
import { bestRate } from "../local/smoothing.ts";

/** The ADIDA forecaster. */
export type Adida = LocalForecaster<"adida">;

/** The IMAPA forecaster. */
export type Imapa = LocalForecaster<"imapa">;

/**
 * Intermittent demand: sums over blocks as long as the mean interval between demands, counted back from the latest row, are smoothed (rate fitted
 * between 0.1 and 0.3), and the forecast of a block is spread over its rows. The block length is chosen in the fit. Missing rows are passed
 * over, as if time had stood still. Targets below zero are refused. No intervals of its own: wrap it in `conformal`.
 *
 * Nikolopoulos, Syntetos, Boylan, Petropoulos & Assimakopoulos (2011), An aggregate-disaggregate intermittent demand approach (ADIDA) to forecasting.
 * Checked against statsforecast 2.1.1.
 */
export function adida(): Adida {
  const model = modelOf("adida", (most) => [most]);
  return localForecaster(model, () => model);
}

/**
 * Intermittent demand: the mean of the forecasts from blocks of 1, 2, ... rows up to the mean interval between demands, each as in `adida`.
 *
 * Petropoulos & Kourentzes (2015), Forecast combinations for intermittent demand. Checked against statsforecast 2.1.1.
 */
export function imapa(): Imapa {
  const model = modelOf("imapa", (most) => Array.from({ length: most }, (_, i) => i + 1));
  return localForecaster(model, () => model);
}

/**
 * Parameters: pairs of block length and rate. State: rows, whether there was any demand, the last rows as a ring, and for each block length and each
 * phase (row modulo length) the smoothed sum of blocks that end there: blocks are counted from the latest row, and every row is the latest once.
 */
function modelOf<Kind extends "adida" | "imapa">(
  kind: Kind,
  lengthsUpTo: (most: number) => readonly number[],
): LocalModel<Kind> {
  return {
    kind,
    params: {},
    neededRows: 2,
    lowest: 0,
    fit(y) {
      const known = knownValues(y);
      const ring = meanInterval(known);
      const lengths = lengthsUpTo(ring);
      const parameters = Float64Array.from(
        lengths.flatMap((length) => [length, bestRate(blockSums(known, length))]),
      );
      const phases = lengths.reduce((sum, length) => sum + length, 0);
      return { parameters, state: new Float64Array(2 + ring + phases).fill(Number.NaN, 2) };
    },
    absorb({ parameters, state }, value) {
      if (Number.isNaN(value)) return;
      // As integers, of which remainders are quick.
      const ring = (parameters[parameters.length - 2] as number) | 0;
      const row = (state[0] as number) | 0;
      state[0] = row + 1;
      if (value > 0) state[1] = 1;
      state[2 + (row % ring)] = value;
      let base = 2 + ring;
      for (let i = 0; i < parameters.length; i += 2) {
        const length = (parameters[i] as number) | 0;
        if (row + 1 >= length) {
          let sum = 0;
          for (let back = length - 1; back >= 0; back--) sum += state[2 + ((row - back) % ring)] as number;
          const at = base + (row % length);
          const level = state[at] as number;
          state[at] = Number.isNaN(level) ? sum : level + (parameters[i + 1] as number) * (sum - level);
        }
        base += length;
      }
    },
    forecast({ parameters, state }, mean) {
      const ring = parameters[parameters.length - 2] as number;
      const row = (state[0] as number) - 1;
      let base = 2 + ring;
      let sum = 0;
      for (let i = 0; i < parameters.length; i += 2) {
        const length = parameters[i] as number;
        sum += (state[base + (row % length)] as number) / length;
        base += length;
      }
      mean.fill((2 * sum) / parameters.length);
    },
    summary: ({ parameters }) => ({
      blockRows: parameters[parameters.length - 2] as number,
      rate: parameters[parameters.length - 1] as number,
    }),
  };
}

/** Mean rows from one demand to the next, the first counted from the beginning, to the nearest whole number; 1 without any demand. */
function meanInterval(known: Float64Array): number {
  let count = 0;
  for (let t = 0; t < known.length; t++) if ((known[t] as number) > 0) count++;
  if (count === 0) return 1;
  let last = known.length;
  while (known[last - 1] === 0) last--;
  return Math.max(1, roundedToEven(last / count));
}

/** Halves go to the even neighbour, as in the reference. */
function roundedToEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/** Sums over whole blocks that end at the last row. */
function blockSums(known: Float64Array, length: number): Float64Array {
  if (length === 1) return known;
  const sums = new Float64Array(Math.floor(known.length / length));
  let at = known.length % length;
  for (let block = 0; block < sums.length; block++) {
    let sum = 0;
    for (const end = at + length; at < end; at++) sum += known[at] as number;
    sums[block] = sum;
  }
  return sums;
}
