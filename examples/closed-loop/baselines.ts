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
import { baseline, boosted, horizon, panelSpec, zone } from "./definitions.ts";

const days = parseFrequency("1d", { zone });
const months = parseFrequency("1mo", { zone });

/** What some forecaster would have said, hour by hour, and how often it was fitted. */
export interface BaselineReplay {
  readonly fits: number;
  readonly mean: Float64Array;
}

/** The outcomes of every hour from the first forecast on, and what the baselines said about them. */
export interface Comparison {
  readonly time: BigInt64Array;
  readonly y: Float64Array;
  readonly seasonalNaive: BaselineReplay;
  readonly neverRetrained: BaselineReplay;
  readonly retrainedMonthly: BaselineReplay;
  /** Mean absolute error of the seasonal naive forecast before the first forecast: what errors are divided by for MASE. */
  readonly scale: number;
}

/**
 * Replays the baselines: the seasonal naive forecast, the loop's forecaster fitted once, and the same fitted blindly at the beginning of
 * every month. All of them absorb every day.
 * @param rows - The training set over the whole time: 24 rows a day, ordered by time.
 */
export async function compareWithBaselines(
  rows: Columns,
  firstForecast: bigint,
  progress: Progress,
): Promise<Comparison> {
  const time = (rows.data[panelSpec.time] as { values: BigInt64Array }).values;
  const y = (rows.data[panelSpec.target] as { values: Float64Array }).values;
  const from = time.indexOf(firstForecast);
  const replay = (name: string, forecaster: Forecaster, isDue: (midnight: bigint) => boolean) =>
    replayBaseline({ name, forecaster, isDue }, rows, from, progress);
  let scale = 0;
  for (let row = 168; row < from; row++)
    scale += Math.abs((y[row] as number) - (y[row - 168] as number)) / (from - 168);
  return {
    time: time.slice(from),
    y: y.slice(from),
    scale,
    seasonalNaive: await replay("seasonal naive", baseline, () => false),
    neverRetrained: await replay("never retrained", boosted, () => false),
    retrainedMonthly: await replay("retrained monthly", boosted, (midnight) => months.isOnGrid(midnight)),
  };
}

async function replayBaseline(
  { name, forecaster, isDue }: { name: string; forecaster: Forecaster; isDue: (midnight: bigint) => boolean },
  rows: Columns,
  from: number,
  progress: Progress,
): Promise<BaselineReplay> {
  const time = (rows.data[panelSpec.time] as { values: BigInt64Array }).values;
  const mean = new Float64Array(rows.length - from);
  let fitted: FittedForecaster | null = null;
  let fits = 0;
  for (let row = from; row < rows.length; row += 24) {
    if (fitted === null || isDue(days.floor(time[row] as bigint))) {
      fitted = await forecaster.fit(panel(sliceColumns(rows, 0, row), panelSpec), { horizon });
      fits++;
    }
    const day = sliceColumns(rows, row, row + 24);
    mean.set(fitted.predict({ future: day }).mean, row - from);
    fitted = fitted.update(day);
    progress({
      task: name,
      done: (row - from) / 24 + 1,
      total: (rows.length - from) / 24,
      figures: { fits },
    });
  }
  return { fits, mean };
}
