import type { LocalForecaster } from "../local/local-forecaster.ts";
import { adida, imapa } from "./aggregated-demand.ts";
import { arima } from "./arima/arima.ts";
import { ces } from "./ces/ces.ts";
import { croston } from "./croston.ts";
import { ets } from "./ets/ets.ts";
import { historicAverage } from "./historic-average.ts";
import { mstl } from "./mstl/mstl.ts";
import { naive } from "./naive.ts";
import { naive2 } from "./naive2.ts";
import { randomWalkWithDrift } from "./random-walk-with-drift.ts";
import { theta } from "./theta/theta.ts";
import { tsb } from "./tsb.ts";

/** Their settings do not matter: saved bytes, and jobs of threads, bring their own. */
const makers: Readonly<Record<string, () => LocalForecaster>> = {
  adida,
  arima: () => arima(),
  ces: () => ces(),
  croston: () => croston(),
  ets: () => ets(),
  historicAverage,
  imapa,
  mstl: () => mstl({ seasonLengths: [2] }),
  naive,
  naive2: () => naive2({ seasonLength: 1 }),
  randomWalkWithDrift,
  theta: () => theta(),
  tsb: () => tsb({ sizeRate: 0.1, probabilityRate: 0.1 }),
};

/** Any forecaster of a kind that is made of a `LocalModel`, for restoring; undefined for other kinds. */
export function localForecasterOf(kind: string): LocalForecaster | undefined {
  return Object.hasOwn(makers, kind) ? makers[kind]?.() : undefined;
}
