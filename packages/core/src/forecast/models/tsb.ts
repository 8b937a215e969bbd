import { TsopsError } from "../../errors.ts";
import { checkOptions, numberHint, shown } from "../../options.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";

/** Settings of `tsb`. */
export interface TsbOptions {
  /** Smoothing rate of the sizes of demands, 0 to 1. */
  readonly sizeRate: number;
  /** Smoothing rate of the probability of a demand, 0 to 1. */
  readonly probabilityRate: number;
}

/** The forecaster of Teunter, Syntetos and Babai. */
export type Tsb = LocalForecaster<"tsb">;

/**
 * Intermittent demand: the smoothed probability of a demand times its smoothed size. The probability falls with every row without demand,
 * so obsolete items fade. Missing rows are passed over, as if time had stood still. Targets below zero are refused. No
 * intervals of its own: wrap it in `conformal`.
 *
 * Teunter, Syntetos & Babai (2011), Intermittent demand: linking forecasting to inventory obsolescence. Checked against statsforecast 2.1.1.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function tsb(options: TsbOptions): Tsb {
  checkOptions("MODEL_PARAMETER_INVALID", "tsb()", options, { sizeRate: true, probabilityRate: true });
  const make = (sizeRate: number, probabilityRate: number): LocalModel<"tsb"> =>
    modelOf(checkRate("sizeRate", sizeRate), checkRate("probabilityRate", probabilityRate));
  return localForecaster(make(options.sizeRate, options.probabilityRate), (params) =>
    make(params["sizeRate"] as number, params["probabilityRate"] as number),
  );
}

/** State: smoothed size, smoothed probability. */
function modelOf(sizeRate: number, probabilityRate: number): LocalModel<"tsb"> {
  return {
    kind: "tsb",
    params: { sizeRate, probabilityRate },
    neededRows: 2,
    warmupRows: () => 1,
    lowest: 0,
    fit: () => ({ parameters: new Float64Array(0), state: Float64Array.of(Number.NaN, Number.NaN) }),
    absorb({ state }, value) {
      if (Number.isNaN(value)) return;
      const size = state[0] as number;
      const probability = state[1] as number;
      const isDemand = value > 0 ? 1 : 0;
      state[1] = Number.isNaN(probability)
        ? isDemand
        : probability + probabilityRate * (isDemand - probability);
      if (isDemand === 1) state[0] = Number.isNaN(size) ? value : size + sizeRate * (value - size);
    },
    forecast({ state }, mean) {
      const size = state[0] as number;
      const probability = state[1] as number;
      mean.fill(Number.isNaN(size) ? 0 : size * probability);
    },
    summary: ({ state }) => ({ size: state[0] as number, probability: state[1] as number }),
  };
}

function checkRate(name: string, rate: unknown): number {
  if (typeof rate === "number" && rate >= 0 && rate <= 1) return rate;
  throw new TsopsError("MODEL_PARAMETER_INVALID", `${name} must be between 0 and 1, got ${shown(rate)}.`, {
    hint: numberHint(rate, { least: 0, most: 1 }, 0.1),
  });
}
