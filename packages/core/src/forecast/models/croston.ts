import { checkOptions, checkWord } from "../../options.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";
import { bestRate } from "../local/smoothing.ts";

/** Settings of `croston`. */
export interface CrostonOptions {
  /**
   * `"classic"` (default) smooths sizes and intervals at 0.1; `"optimized"` fits both rates between 0.1 and 0.3; `"sba"` is the classic one times 0.95,
   * which takes its bias away (Syntetos & Boylan 2005).
   */
  readonly variant?: CrostonVariant;
}

/** A variant of Croston's method. */
export type CrostonVariant = "classic" | "optimized" | "sba";

/** Croston's forecaster for intermittent demand. */
export type Croston = LocalForecaster<"croston">;

const variants: readonly CrostonVariant[] = ["classic", "optimized", "sba"];

/**
 * Intermittent demand: the smoothed size of a demand over the smoothed interval between demands. It does not fall while nothing is
 * sold: `tsb` does. Missing rows are passed over, as if time had stood still. Targets below zero are refused. A series without any demand is
 * forecast as 0. No intervals of its own: wrap it in `conformal`.
 *
 * Croston (1972), Forecasting and stock control for intermittent demands. Checked against statsforecast 2.1.1.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function croston(options: CrostonOptions = {}): Croston {
  checkOptions("MODEL_PARAMETER_INVALID", "croston()", options, { variant: true });
  return localForecaster(modelOf(options.variant ?? "classic"), ({ variant }) =>
    modelOf(variant as CrostonVariant),
  );
}

/** Parameters: rates of size and interval. State: smoothed size, smoothed interval, rows since the last demand. */
function modelOf(variant: CrostonVariant): LocalModel<"croston"> {
  checkWord("MODEL_PARAMETER_INVALID", "variant", variant, variants);
  return {
    kind: "croston",
    params: { variant },
    neededRows: 2,
    warmupRows: () => 1,
    lowest: 0,
    fit(y) {
      const parameters = Float64Array.of(0.1, 0.1);
      if (variant === "optimized") {
        const sizes = new Float64Array(y.length);
        const intervals = new Float64Array(y.length);
        let demands = 0;
        let rows = 0;
        for (let t = 0; t < y.length; t++) {
          const value = y[t] as number;
          if (Number.isNaN(value)) continue;
          rows++;
          if (value === 0) continue;
          sizes[demands] = value;
          intervals[demands] = rows;
          demands++;
          rows = 0;
        }
        parameters[0] = bestRate(sizes.subarray(0, demands));
        parameters[1] = bestRate(intervals.subarray(0, demands));
      }
      return { parameters, state: Float64Array.of(Number.NaN, Number.NaN, 0) };
    },
    absorb({ parameters, state }, value) {
      if (Number.isNaN(value)) return;
      state[2] = (state[2] as number) + 1;
      if (value === 0) return;
      const size = state[0] as number;
      const interval = state[1] as number;
      const rows = state[2] as number;
      state[0] = Number.isNaN(size) ? value : size + (parameters[0] as number) * (value - size);
      state[1] = Number.isNaN(size) ? rows : interval + (parameters[1] as number) * (rows - interval);
      state[2] = 0;
    },
    forecast({ state }, mean) {
      const size = state[0] as number;
      const interval = state[1] as number;
      mean.fill(Number.isNaN(size) ? 0 : ((variant === "sba" ? 0.95 : 1) * size) / interval);
    },
    summary: ({ parameters, state }) => ({
      sizeRate: parameters[0] as number,
      intervalRate: parameters[1] as number,
      size: state[0] as number,
      interval: state[1] as number,
    }),
  };
}
