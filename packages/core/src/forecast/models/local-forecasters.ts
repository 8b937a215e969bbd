import type { LocalForecaster } from "../local/local-forecaster.ts";
import { adida, imapa } from "./aggregated-demand.ts";
import { croston } from "./croston.ts";
import { mstl } from "./mstl/mstl.ts";
import { trendMakers } from "./mstl/trends.ts";
import { naive2 } from "./naive2.ts";
import { seasonalNaive } from "./seasonal-naive.ts";
import { tsb } from "./tsb.ts";
import { windowAverage } from "./window-average.ts";

/** Their settings do not matter: saved bytes, and jobs of threads, bring their own. */
const makers: Readonly<Record<string, () => LocalForecaster>> = {
  ...trendMakers,
  adida,
  croston: () => croston(),
  imapa,
  mstl: () => mstl({ seasonLengths: [2] }),
  naive2: () => naive2({ seasonLength: 1 }),
  seasonalNaive: () => seasonalNaive({ seasonLength: 1 }),
  tsb: () => tsb({ sizeRate: 0.1, probabilityRate: 0.1 }),
  windowAverage: () => windowAverage({ window: 1 }),
};

/** Any forecaster of a kind that is made of a `LocalModel`, for restoring; undefined for other kinds. */
export function localForecasterOf(kind: string): LocalForecaster | undefined {
  return Object.hasOwn(makers, kind) ? makers[kind]?.() : undefined;
}
