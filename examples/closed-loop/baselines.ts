// What the loop is compared with: the same days forecast by models that nobody watches.
import {
  type Columns,
  type FittedForecaster,
  type Forecaster,
  type Progress,
  panel,
  parseFrequency,
  sliceColumns,
} from "@tsops/core";
import { panelSpec, zone } from "./definitions.ts";

/** When a baseline is fitted again: at the instants for which this says so. */
type Refit = (midnight: bigint, fits: number) => boolean;

export const never: Refit = (_, fits) => fits === 0;
export const monthly: Refit = (midnight, fits) => fits === 0 || months.isOnGrid(midnight);
const months = parseFrequency("1mo", { zone });
const days = parseFrequency("1d", { zone });

/** A replay's forecasts, hour by hour, and how often it fitted. */
export interface BaselineReplay {
  readonly fits: number;
  /** One forecast per row of `rows` from the first midnight on. */
  readonly mean: Float64Array;
}

/**
 * Forecasts each day at its midnight, with a forecaster that absorbs every day and is fitted when `refit` says so.
 * @param rows - The training set over the whole time, ordered by time: 24 rows a day.
 * @param from - Row of the first midnight that is forecast.
 */
export async function replayBaseline(
  name: string,
  forecaster: Forecaster,
  rows: Columns,
  from: number,
  refit: Refit,
  progress: Progress,
): Promise<BaselineReplay> {
  const at = (rows.data[panelSpec.time] as { values: BigInt64Array }).values;
  const mean = new Float64Array(rows.length - from);
  let fitted: FittedForecaster | null = null;
  let fits = 0;
  for (let row = from; row < rows.length; row += 24) {
    if (refit(days.floor(at[row] as bigint), fits)) {
      fitted = await forecaster.fit(panel(sliceColumns(rows, 0, row), panelSpec), { horizon: 24 });
      fits++;
    }
    const day = sliceColumns(rows, row, row + 24);
    mean.set((fitted as FittedForecaster).predict({ future: day }).mean, row - from);
    fitted = (fitted as FittedForecaster).update(day);
    progress({
      task: name,
      done: (row - from) / 24 + 1,
      total: (rows.length - from) / 24,
      figures: { fits },
    });
  }
  return { fits, mean };
}
