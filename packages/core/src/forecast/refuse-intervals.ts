import { TsopsError } from "../errors.ts";
import type { PredictOptions } from "./forecaster.ts";

/**
 * Refuses levels and quantiles of a forecaster that has no distribution: a forecast without them would pass for one with them.
 * @param name - What its user calls it, e.g. `"croston"`.
 * @param why - Where it is not the forecaster itself that has none, e.g. `"1 of its 2 members has none: croston"`.
 * @throws TsopsError MODEL_PARAMETER_INVALID when some are asked for.
 */
export function refuseIntervals(name: string, options: PredictOptions | undefined, why?: string): void {
  const { levels = [], quantiles = [] } = options ?? {};
  const asked = Object.entries({ levels, quantiles })
    .filter(([, list]) => list.length > 0)
    .map(([option, list]) => `${option}: [${list.join(", ")}]`);
  if (asked.length === 0) return;
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `predict({ ${asked.join(", ")} }) asks for intervals, and ${name} has none${why === undefined ? "" : ` (${why})`}.`,
    {
      hint: `Fit conformal(${name}(...)), which learns them from past errors. To take them where there are some, ask only where fitted.hasIntervals.`,
      details: { model: name, levels, quantiles },
    },
  );
}
