import type { LocalForecaster } from "../../local/local-forecaster.ts";
import { arima } from "../arima/arima.ts";
import { ces } from "../ces/ces.ts";
import { ets } from "../ets/ets.ts";
import { historicAverage } from "../historic-average.ts";
import { naive } from "../naive.ts";
import { randomWalkWithDrift } from "../random-walk-with-drift.ts";
import { theta } from "../theta/theta.ts";

/** Forecasters that can continue a trend, by kind; their settings do not matter. */
export const trendMakers: Readonly<Record<string, () => LocalForecaster>> = {
  arima: () => arima(),
  ces: () => ces(),
  ets: () => ets(),
  historicAverage,
  naive,
  randomWalkWithDrift,
  theta: () => theta(),
};

/** Any forecaster of a kind that can continue a trend, for loading; undefined for other kinds. */
export function trendForecaster(kind: string): LocalForecaster | undefined {
  return Object.hasOwn(trendMakers, kind) ? trendMakers[kind]?.() : undefined;
}

/** The kinds that `trendForecaster` knows. */
export const trendKinds: readonly string[] = Object.keys(trendMakers);
