import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../../test/without-types.ts";
import { hourlyPanel } from "../../../test/hourly-series.ts";
import { withoutIntervals } from "../../../test/without-intervals.ts";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import type { FittedForecaster, Forecaster } from "../forecaster.ts";
import { rankedProbabilityScore, trackingSignal } from "../metrics.ts";
import { naive } from "../models/naive.ts";
import { windowAverage } from "../models/window-average.ts";
import { panel } from "../panel/build-panel.ts";
import type { Panel } from "../panel/panel.ts";
import { reduce } from "../reduce/reduce.ts";
import { ridge } from "../regressors/ridge.ts";
import { backtest } from "./backtest.ts";
import type { BacktestCutoff } from "./settings.ts";

const hour = 3_600_000_000n;
const y = Array.from({ length: 60 }, (_, t) => (t * 7) % 23);

/** The last value, and a log of which hours were fitted and absorbed. */
function spy() {
  const log: { call: "fit" | "update"; first: number; last: number; horizon?: number }[] = [];
  const at = (time: bigint | undefined) => Number((time as bigint) / hour);
  const wrapped = (inner: FittedForecaster): FittedForecaster => ({
    ...inner,
    update(rows) {
      const { values } = (rows as Columns).data["at"] as { values: BigInt64Array };
      log.push({ call: "update", first: at(values[0]), last: at(values[values.length - 1]) });
      return wrapped(inner.update(rows));
    },
  });
  const forecaster = {
    ...naive(),
    async fit(history: Panel, options: { horizon: number }) {
      const { times } = history;
      log.push({
        call: "fit",
        first: at(times[0]),
        last: at(times[times.length - 1]),
        horizon: options.horizon,
      });
      return wrapped(await naive().fit(history, options));
    },
  } as unknown as Forecaster;
  return { forecaster, log };
}

describe("a backtest", () => {
  const history = hourlyPanel(y);

  it("with a gap judges only the steps after it", async () => {
    const { forecaster, log } = spy();
    const result = await backtest(forecaster, history, { horizon: 3, folds: 2, gap: 4, levels: [] });
    expect(log).toEqual([
      { call: "fit", first: 0, last: 49, horizon: 7 },
      { call: "fit", first: 0, last: 52, horizon: 7 },
    ]);
    expect([...result.step]).toEqual([5, 6, 7, 5, 6, 7]);
    expect([...result.time].map((time) => Number(time / hour))).toEqual([54, 55, 56, 57, 58, 59]);
    expect([...result.y]).toEqual(y.slice(54));
    expect([...result.mean]).toEqual([y[49], y[49], y[49], y[52], y[52], y[52]]);
    expect(result.byStep.map(({ step }) => step)).toEqual([5, 6, 7]);
    const without = await backtest(naive(), history, { horizon: 7, folds: 2, step: 3, levels: [] });
    const later = without.byStep.filter(({ step }) => step > 4);
    expect(result.byStep.map(({ mae }) => mae)).toEqual(later.map(({ mae }) => mae));
  });

  it("with an embargo fits without the rows before the cutoff and then absorbs them", async () => {
    const { forecaster, log } = spy();
    const result = await backtest(forecaster, history, { horizon: 3, folds: 2, embargo: 5, levels: [] });
    expect(log).toEqual([
      { call: "fit", first: 0, last: 48, horizon: 3 },
      { call: "update", first: 49, last: 53 },
      { call: "fit", first: 0, last: 51, horizon: 3 },
      { call: "update", first: 52, last: 56 },
    ]);
    expect([...result.mean]).toEqual([y[53], y[53], y[53], y[56], y[56], y[56]]);
  });

  it("with a window fits on so many rows", async () => {
    const { forecaster, log } = spy();
    await backtest(forecaster, history, {
      horizon: 3,
      folds: 3,
      window: 20,
      embargo: 2,
      refit: 2,
      levels: [],
    });
    expect(log).toEqual([
      { call: "fit", first: 29, last: 48, horizon: 3 },
      { call: "update", first: 49, last: 50 },
      { call: "update", first: 51, last: 53 },
      { call: "fit", first: 35, last: 54, horizon: 3 },
      { call: "update", first: 55, last: 56 },
    ]);
  });

  it("counts gap and embargo among the rows that it needs", async () => {
    const error = await errorOf(() =>
      backtest(naive(), history, { horizon: 20, folds: 2, gap: 10, embargo: 20 }),
    );
    expect(error.message).toMatch(
      /2 folds of 20 steps, 20 apart, a gap of 10 and an embargo of 20, need 71 rows/,
    );
    expect(error.hint).toMatch(/a smaller step, gap or embargo\.$/);
    for (const wrong of [{ gap: -1 }, { embargo: 0.5 }, { window: 0 }])
      expect((await errorOf(() => backtest(naive(), history, { horizon: 2, folds: 2, ...wrong }))).code).toBe(
        "MODEL_PARAMETER_INVALID",
      );
  });

  it("says of a window that is too narrow for the forecaster that it is the window", async () => {
    const folds = { horizon: 3, folds: 2 };
    const narrow = await errorOf(() => backtest(naive(), history, { ...folds, window: 1, embargo: 2 }));
    expect(narrow.code).toBe("BACKTEST_INVALID");
    expect(narrow.message).toMatch(
      /end of the panel, its fit sees a window of 1 without its last 2 \(embargo\), and that is too short for "naive"/,
    );
    expect(narrow.hint).toMatch(/^Give a wider window/);
    await expect(backtest(naive(), history, { ...folds, window: 2 })).resolves.toMatchObject({ length: 6 });
  });

  it("tells what was known of the future at each cutoff, not what came true", async () => {
    const random = createRandom("known when");
    const temp = Array.from({ length: 200 }, () => random.normal(20, 5));
    const rows = (from: number, values: readonly number[]) =>
      columnsFromArrays(
        { at: timestamp(), y: float64(), temp: nullable(float64()) },
        {
          at: BigInt64Array.from(values, (_, i) => hour * BigInt(from + i)),
          y: Float64Array.from(values, (_, i) => 2 * (temp[from + i] as number)),
          temp: values.map((value) => (Number.isNaN(value) ? null : value)),
        },
      ) as Columns;
    const of = (values: readonly number[]) =>
      panel(rows(0, values), {
        time: "at",
        target: "y",
        frequency: "1h",
        knownFuture: ["temp"],
      }) as Panel<never>;
    const forecaster = reduce(ridge({ l2: 1e-9 }), { lags: [1], covariates: ["temp"] });
    const folds = { horizon: 3, folds: 4, levels: [] } as const;
    expect((await backtest(forecaster, of(temp), folds)).overall.mae).toBeLessThan(1e-3);
    const asked: number[] = [];
    // The forecast of the weather was 4 degrees too low.
    const future = async ({ fold, cutoff, until }: BacktestCutoff) => {
      asked.push(fold);
      const from = Number(cutoff / hour) + 1;
      expect(Number(until / hour) - from + 1).toBe(3);
      return rows(
        from,
        temp.slice(from, from + 3).map((value) => value - 4),
      );
    };
    const honest = await backtest(forecaster, of(temp), { ...folds, future });
    expect(asked).toEqual([0, 1, 2, 3]);
    expect(honest.overall.bias).toBeCloseTo(-8, 2);
    // Where the panel lacks the value that came true, the outcome still counts.
    const holes = temp.map((value, t) => (t > 190 ? Number.NaN : value));
    expect((await backtest(forecaster, of(holes), { ...folds, future })).overall.missing).toBe(0);
    const wrong = await errorOf(() => backtest(forecaster, of(temp), { ...folds, future: untyped([]) }));
    expect(wrong.message).toMatch(/future is a function of the cutoff/);
  });

  it("has the tracking signal and the ranked probability score in its tables", async () => {
    const result = await backtest(withoutIntervals(windowAverage({ window: 6 })), history, {
      horizon: 2,
      folds: 12,
      levels: [80],
    });
    expect(result.overall.trackingSignal).toBe(trackingSignal(result.y, result.mean));
    // The first folds have no intervals: their rows do not count.
    const rows = Array.from({ length: result.length }, (_, row) => row).filter(
      (row) => !Number.isNaN(result.quantiles[0]?.values[row] as number),
    );
    expect(rows.length).toBeLessThan(result.length);
    const pick = (values: Float64Array) => Float64Array.from(rows, (row) => values[row] as number);
    const quantiles = result.quantiles.map(({ probability, values }) => ({
      probability,
      values: pick(values),
    }));
    expect(result.overall.crps).toBeCloseTo(rankedProbabilityScore(pick(result.y), quantiles), 12);
    expect((await backtest(naive(), history, { horizon: 2, folds: 3, levels: [] })).overall.crps).toBeNaN();
  });
});
