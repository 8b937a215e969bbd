import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { withoutIntervals } from "../../../test/without-intervals.ts";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { toRows } from "../../schema/to-rows.ts";
import { conformal } from "../conformal/conformal.ts";
import type { FittedForecaster, Forecaster } from "../forecaster.ts";
import { forecastOf } from "../future.ts";
import { intervalOf } from "../levels.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { windowAverage } from "../models/window-average.ts";
import { panel } from "../panel/build-panel.ts";
import type { Panel } from "../panel/panel.ts";
import type { RowsInput } from "../panel/plain-rows.ts";
import { backtest } from "./backtest.ts";
import type { BacktestMetrics, BacktestResult } from "./result.ts";

const hour = 3_600_000_000n;

/** Hourly series by first and last hour, with a known-future `temp`; `holes` of the targets are missing. */
function randomPanel(
  ranges: Readonly<Record<string, readonly [first: number, last: number]>>,
  seed: number,
  holes = 0,
) {
  const random = createRandom(seed);
  const list = Object.entries(ranges).flatMap(([key, [first, last]]) =>
    Array.from({ length: last - first + 1 }, (_, i) => ({
      key,
      at: hour * BigInt(first + i),
      y: random.uniform() < holes ? null : 10 + random.normal(),
    })),
  );
  return panel(
    columnsFromArrays(
      { key: utf8(), at: timestamp(), y: nullable(float64()), temp: float64() },
      {
        key: list.map(({ key }) => key),
        at: BigInt64Array.from(list, ({ at }) => at),
        y: list.map(({ y }) => y),
        temp: Float64Array.from(list, ({ at }) => Number(at / hour)),
      },
    ),
    { keys: ["key"], time: "at", target: "y", frequency: "1h", knownFuture: ["temp"] },
  );
}

/** Predicts the last known value and notes what it was shown. */
function spy() {
  const log: { call: string; times: bigint[]; keys: number }[] = [];
  const timesOf = (rows: RowsInput): bigint[] => [
    ...((rows as Columns).data["at"] as { values: BigInt64Array }).values,
  ];
  const fitted = (inner: FittedForecaster<never>, history: Panel): FittedForecaster => ({
    ...inner,
    spec: history.spec,
    predict(options) {
      expect(Object.keys((options?.future as Columns | undefined)?.types ?? {})).toEqual([
        "key",
        "at",
        "temp",
      ]);
      if (options?.future !== undefined)
        log.push({ call: "predict", times: timesOf(options.future), keys: history.series.length });
      return inner.predict({ ...(options?.horizon === undefined ? {} : { horizon: options.horizon }) });
    },
    update(rows) {
      log.push({ call: "update", times: timesOf(rows), keys: history.series.length });
      return fitted(inner.update(rows), history);
    },
  });
  const naive = seasonalNaive({ seasonLength: 1 });
  const forecaster = {
    ...naive,
    async fit(history: Panel, options: { horizon: number }) {
      log.push({ call: "fit", times: [...history.times], keys: history.series.length });
      return fitted(await naive.fit(history, options), history);
    },
  } as unknown as Forecaster;
  return { forecaster, log };
}

const greatest = (times: readonly bigint[]) => times.reduce((most, time) => (time > most ? time : most));
const least = (times: readonly bigint[]) => times.reduce((most, time) => (time < most ? time : most));

describe("backtest", () => {
  it("shows a forecaster nothing after the cutoff but the known future of the horizon", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom<boolean | number>(true, false, 2, 3),
        async (horizon, folds, step, refit) => {
          const whole = randomPanel({ a: [0, 99], b: [10, 99] }, 1);
          const { forecaster, log } = spy();
          const result = await backtest(forecaster, whole, { horizon, folds, step, refit, levels: [] });
          expect(result.length).toBe(folds * horizon * 2);
          const cutoffs = Array.from(
            { length: folds },
            (_, fold) => 99 - horizon - (folds - 1 - fold) * step,
          );
          let fold = -1;
          for (const { call, times } of log) {
            if (call !== "predict") fold++;
            const cutoff = hour * BigInt(cutoffs[fold] as number);
            if (call === "predict") {
              expect(least(times)).toBe(cutoff + hour);
              expect(greatest(times)).toBe(cutoff + hour * BigInt(horizon));
            } else expect(greatest(times)).toBe(cutoff);
          }
          expect(fold).toBe(folds - 1);
          const every = refit === true ? 1 : refit === false ? folds : refit;
          expect(log.filter(({ call }) => call === "fit").length).toBe(Math.ceil(folds / every));
          for (let row = 0; row < result.length; row++) {
            expect(result.cutoff[row]).toBe(hour * BigInt(cutoffs[result.fold[row] as number] as number));
            expect(result.time[row]).toBe(
              (result.cutoff[row] as bigint) + hour * BigInt(result.step[row] as number),
            );
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("gives the rows of earlier folds the same numbers whatever comes after", async () => {
    const whole = randomPanel({ a: [0, 199] }, 2);
    const changed = { ...whole, y: whole.y.map((value, row) => (row > 180 ? value + 50 : value)) };
    const options = { horizon: 4, folds: 10 };
    const forecaster = withoutIntervals(windowAverage({ window: 24 }));
    const [one, other] = [
      await backtest(forecaster, whole, options),
      await backtest(forecaster, changed, options),
    ];
    const known = (result: BacktestResult) =>
      [result.mean, ...result.quantiles.map(({ values }) => values)].map((values) =>
        [...values].filter((_, row) => (result.cutoff[row] as bigint) <= hour * 180n),
      );
    expect(known(other)).toEqual(known(one));
    expect(other.mean).not.toEqual(one.mean);
  });

  it("makes intervals of the latest errors, so that they grow with the noise", async () => {
    const random = createRandom("growing noise");
    const y = Float64Array.from({ length: 2000 }, (_, i) => random.normal() * (1 + i / 400));
    const at = BigInt64Array.from(y, (_, i) => hour * BigInt(i));
    const growing = panel(columnsFromArrays({ at: timestamp(), y: float64() }, { at, y }), {
      time: "at",
      target: "y",
      frequency: "1h",
    });
    const options = { horizon: 6, folds: 300, refit: false, levels: [80] } as const;
    const { byFold } = await backtest(withoutIntervals(windowAverage({ window: 48 })), growing, options);
    const late = byFold.slice(150).map(({ intervals }) => intervals[0]?.coverage as number);
    expect(late.reduce((sum, coverage) => sum + coverage, 0) / late.length).toBeGreaterThan(0.75);
    // Folds that overlap: errors of late steps are not known yet in the latest 40.
    const dense = await backtest(withoutIntervals(windowAverage({ window: 48 })), growing, {
      horizon: 60,
      folds: 120,
      step: 1,
      refit: false,
      levels: [80, 99],
    });
    expect(dense.byFold.at(-1)?.intervals.map(({ rows }) => rows)).toEqual([60, 60]);
  });

  it("makes intervals of the errors of earlier folds that were known at the cutoff, and of no others", async () => {
    const whole = randomPanel({ a: [0, 149], b: [0, 149] }, 3, 0.1);
    const horizon = 5;
    const result = await backtest(withoutIntervals(windowAverage({ window: 12 })), whole, {
      horizon,
      folds: 30,
      step: 2,
    });
    expect(result.intervals).toBe("earlier folds");
    let bounded = 0;
    for (const level of [80, 95]) {
      const { lower, upper } = intervalOf(result.quantiles, level) as {
        lower: Float64Array;
        upper: Float64Array;
      };
      const needed = level === 80 ? 4 : 19;
      for (let row = 0; row < result.length; row++) {
        const scores = (reach: number) => {
          const found: number[] = [];
          for (let other = 0; other < result.length; other++) {
            const isEarlier = (result.fold[other] as number) < (result.fold[row] as number);
            const isKnown = (result.time[other] as bigint) <= (result.cutoff[row] as bigint);
            const isNear = Math.abs((result.step[other] as number) - (result.step[row] as number)) <= reach;
            const isSame = result.seriesIndex[other] === result.seriesIndex[row];
            const score = Math.abs((result.y[other] as number) - (result.mean[other] as number));
            if (isEarlier && isKnown && isNear && isSame && !Number.isNaN(score)) found.push(score);
          }
          return found.sort((a, b) => a - b);
        };
        let pool = scores(1);
        for (let reach = 2; pool.length < needed && reach <= horizon; reach++) pool = scores(reach);
        if (pool.length < needed) expect(lower[row]).toBeNaN();
        else {
          bounded++;
          const bound = pool[Math.ceil(((pool.length + 1) * level) / 100 - 1e-9) - 1] as number;
          expect(upper[row]).toBeCloseTo((result.mean[row] as number) + bound, 12);
          expect(lower[row]).toBeCloseTo((result.mean[row] as number) - bound, 12);
        }
      }
    }
    expect(bounded).toBeGreaterThan(400);
    expect(result.byFold[0]?.intervals).toMatchObject([
      { level: 80, rows: 0, coverage: Number.NaN },
      { level: 95, rows: 0, coverage: Number.NaN },
    ]);
  });

  it("covers as promised where errors are exchangeable", async () => {
    const whole = randomPanel({ a: [0, 2600] }, 4);
    const { overall } = await backtest(withoutIntervals(windowAverage({ window: 500 })), whole, {
      horizon: 10,
      folds: 200,
      refit: false,
    });
    for (const { level, coverage, rows } of overall.intervals) {
      const standardError = Math.sqrt(((level / 100) * (1 - level / 100)) / rows);
      expect(Math.abs(coverage - level / 100), `${level} %`).toBeLessThan(3 * standardError);
    }
  });

  it("takes a forecaster's own intervals when it has some", async () => {
    const whole = randomPanel({ a: [0, 299] }, 5);
    const forecaster = conformal(windowAverage({ window: 24 }), { folds: 10 });
    const result = await backtest(forecaster, whole, { horizon: 4, folds: 5, levels: [80, 90] });
    expect(result.intervals).toBe("forecaster");
    expect(result.quantiles.map(({ probability }) => probability)).toEqual([0.05, 0.1, 0.9, 0.95]);
    expect(result.overall.intervals.map(({ rows }) => rows)).toEqual([20, 20]);
    const fitted = await forecaster.fit(
      {
        ...whole,
        offsets: Int32Array.of(0, 280),
        times: whole.times.slice(0, 280),
        y: whole.y.slice(0, 280),
        known: [],
        spec: { ...whole.spec, knownFuture: [] },
      },
      { horizon: 4 },
    );
    expect([...result.mean.slice(0, 4)]).toEqual([...fitted.predict().mean]);
  });

  it("tells the same in its tables as in its rows", async () => {
    const whole = randomPanel({ a: [0, 149], b: [5, 149] }, 6, 0.15);
    const horizon = 3;
    const result = await backtest(withoutIntervals(windowAverage({ window: 6 })), whole, {
      horizon,
      folds: 8,
      seasonLength: 4,
    });
    const check = (metrics: BacktestMetrics, isIn: (row: number) => boolean) => {
      const rows = Array.from({ length: result.length }, (_, row) => row).filter(isIn);
      const known = rows.filter((row) => !Number.isNaN(result.y[row] as number));
      const mean = (value: (row: number) => number, of = known) =>
        of.reduce((sum, row) => sum + value(row), 0) / of.length;
      const error = (row: number) => (result.mean[row] as number) - (result.y[row] as number);
      const scale = (row: number) => {
        const s = result.seriesIndex[row] as number;
        const differences: number[] = [];
        for (let i = (whole.offsets[s] as number) + 4; i < (whole.offsets[s + 1] as number); i++) {
          if ((whole.times[i] as bigint) > (result.cutoff[row] as bigint)) break;
          const difference = Math.abs((whole.y[i] as number) - (whole.y[i - 4] as number));
          if (!Number.isNaN(difference)) differences.push(difference);
        }
        return differences.reduce((sum, value) => sum + value, 0) / differences.length;
      };
      expect(metrics.rows).toBe(known.length);
      expect(metrics.missing).toBe(rows.length - known.length);
      expect(metrics.mae).toBeCloseTo(
        mean((row) => Math.abs(error(row))),
        10,
      );
      expect(metrics.rmse).toBeCloseTo(Math.sqrt(mean((row) => error(row) ** 2)), 10);
      expect(metrics.bias).toBeCloseTo(mean(error), 10);
      const bySeries = (loss: (row: number) => number) => {
        const each = [0, 1].flatMap((s) => {
          const own = known.filter((row) => result.seriesIndex[row] === s);
          return own.length === 0 ? [] : [mean(loss, own)];
        });
        return each.reduce((sum, value) => sum + value, 0) / each.length;
      };
      expect(metrics.scaledRows).toBe(known.length);
      expect(metrics.mase).toBeCloseTo(
        bySeries((row) => Math.abs(error(row)) / scale(row)),
        10,
      );
      const q10 = result.quantiles.find(({ probability }) => probability === 0.1)?.values as Float64Array;
      const withInterval = known.filter((row) => !Number.isNaN(q10[row] as number));
      expect(metrics.intervals[0]?.rows).toBe(withInterval.length);
      if (withInterval.length > 0)
        expect(metrics.quantiles.find(({ probability }) => probability === 0.1)?.pinball).toBeCloseTo(
          mean(
            (row) =>
              Math.max(
                0.1 * ((result.y[row] as number) - (q10[row] as number)),
                -0.9 * ((result.y[row] as number) - (q10[row] as number)),
              ),
            withInterval,
          ),
          10,
        );
    };
    check(result.overall, () => true);
    expect(result.overall.missing).toBeGreaterThan(0);
    expect(result.byFold.length).toBe(8);
    for (const metrics of result.byFold) check(metrics, (row) => result.fold[row] === metrics.fold);
    expect(result.byStep.map(({ step }) => step)).toEqual([1, 2, 3]);
    for (const metrics of result.byStep) check(metrics, (row) => result.step[row] === metrics.step);
    expect(result.byKey.map(({ key }) => key)).toEqual([{ key: "a" }, { key: "b" }]);
    for (const metrics of result.byKey)
      check(
        metrics,
        (row) => result.series[result.seriesIndex[row] as number]?.["key"] === metrics.key["key"],
      );
    const rows = toRows(result.toColumns());
    expect(rows.length).toBe(result.length);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      "key",
      "fold",
      "step",
      "time",
      "cutoff",
      "y",
      "mean",
      "q0.025",
      "q0.1",
      "q0.9",
      "q0.975",
    ]);
    expect(rows[0]?.["q0.1"]).toBeNull();
    expect(rows[result.length - 1]).toMatchObject({
      key: "b",
      fold: 7n,
      step: 3n,
      mean: result.mean[result.length - 1],
    });
  });

  it("has the mean over the series of scaled errors, and tells how many rows have a scale", async () => {
    const tame = Array.from({ length: 60 }, (_, t) => (t % 2 === 0 ? 10 : 11));
    const wild = Array.from({ length: 60 }, (_, t) => (t < 40 ? t % 2 : 5 * (t % 3)));
    const ys: Record<string, number[]> = { constant: tame.map(() => 4), tame, wild };
    const rows = columnsFromArrays(
      { key: utf8(), at: timestamp(), y: float64() },
      {
        key: Object.keys(ys).flatMap((key) => tame.map(() => key)),
        at: BigInt64Array.from(Object.keys(ys).flatMap(() => tame.map((_, t) => BigInt(t) * 3_600_000_000n))),
        y: Object.values(ys).flat(),
      },
    );
    const whole = panel(rows, { keys: ["key"], time: "at", target: "y", frequency: "1h" });
    const { overall, byKey } = await backtest(windowAverage({ window: 3 }), whole, {
      horizon: 2,
      folds: 10,
      levels: [],
      seasonLength: 1,
    });
    const [constant, ...others] = byKey;
    expect(constant?.rows).toBe(20);
    expect(constant?.scaledRows).toBe(0);
    expect(constant?.mase).toBeNaN();
    expect(overall.rows).toBe(60);
    expect(overall.scaledRows).toBe(40);
    const mean = (value: (metrics: BacktestMetrics) => number) =>
      others.reduce((sum, metrics) => sum + value(metrics), 0) / 2;
    expect(Math.abs((others[0]?.rmsse as number) - (others[1]?.rmsse as number))).toBeGreaterThan(1);
    expect(overall.mase).toBeCloseTo(
      mean(({ mase }) => mase),
      12,
    );
    expect(overall.rmsse).toBeCloseTo(
      mean(({ rmsse }) => rmsse),
      12,
    );
  });

  it("takes the series that reach the end of a fold and began before it", async () => {
    const whole = randomPanel({ early: [0, 94], late: [94, 99], whole: [0, 99] }, 7);
    const { forecaster, log } = spy();
    const result = await backtest(forecaster, whole, { horizon: 2, folds: 3, levels: [] });
    const byFold = [0, 1, 2].map((fold) => [
      ...new Set(
        [...result.seriesIndex]
          .filter((_, row) => result.fold[row] === fold)
          .map((s) => result.series[s]?.["key"]),
      ),
    ]);
    expect(byFold).toEqual([["whole"], ["late", "whole"], ["late", "whole"]]);
    expect(result.leftOut).toEqual([
      { key: { key: "early" }, folds: 3 },
      { key: { key: "late" }, folds: 1 },
    ]);
    expect(log.filter(({ call }) => call === "fit").map(({ keys }) => keys)).toEqual([1, 2, 2]);
  });

  it("leaves out rows that lack a known-future value, and goes on", async () => {
    const whole = randomPanel({ a: [0, 99] }, 11);
    const temp = whole.known[0] as (typeof whole.known)[number];
    const holes = {
      ...whole,
      known: [{ ...temp, values: temp.values.map((v, i) => (i === 95 ? Number.NaN : v)) }],
    };
    const { forecaster } = spy();
    const result = await backtest(forecaster, holes, { horizon: 5, folds: 4, levels: [] });
    expect(result.overall).toMatchObject({ rows: 19, missing: 1 });
    expect(result.y[15]).toBeNaN();
  });

  it("reports its progress and stops with ABORTED", async () => {
    const whole = randomPanel({ a: [0, 99] }, 8);
    const done: number[] = [];
    const controller = new AbortController();
    const run = backtest(windowAverage({ window: 5 }), whole, {
      horizon: 2,
      folds: 5,
      signal: controller.signal,
      progress: (event) => {
        done.push(event.done);
        expect(event).toMatchObject({ task: "backtest", total: 5, figures: { mae: expect.any(Number) } });
        if (event.done === 3) controller.abort();
      },
    });
    await expect(run).rejects.toMatchObject({ code: "ABORTED" });
    expect(done).toEqual([1, 2, 3]);
  });

  it("says how many rows are needed when there are too few", async () => {
    const short = randomPanel({ a: [0, 29] }, 9);
    await expect(
      backtest(windowAverage({ window: 5 }), short, { horizon: 10, folds: 4 }),
    ).rejects.toMatchObject({
      code: "BACKTEST_INVALID",
      message: expect.stringMatching(/need 41 rows.*the longest series has 30/),
      details: { needed: 41, longest: 30 },
    });
    await expect(
      backtest(windowAverage({ window: 5 }), short, { horizon: 10, folds: 2, step: 16 }),
    ).rejects.toMatchObject({
      code: "BACKTEST_INVALID",
      message: expect.stringMatching(
        /Fold 1 of 2 .* 26 steps before the end .* needs 5 rows per series; .* has 4/,
      ),
    });
    for (const wrong of [
      { horizon: 0, folds: 2 },
      { horizon: 1, folds: 0 },
      { horizon: 1, folds: 1, step: 0 },
      { horizon: 1, folds: 1, levels: [0] },
      { horizon: 1, folds: 1, refit: 0 },
    ])
      await expect(backtest(windowAverage({ window: 5 }), short, wrong)).rejects.toMatchObject({
        code: "MODEL_PARAMETER_INVALID",
      });
  });

  it("refuses a forecaster that does not answer what was asked", async () => {
    const whole = randomPanel({ a: [0, 99] }, 10);
    const naive = seasonalNaive({ seasonLength: 1 });
    const lazy = {
      ...naive,
      fit: async (history: Panel, options: { horizon: number }) => ({
        ...(await naive.fit(history, options)),
        predict: () => forecastOf(history, 1, new Float64Array(1)),
      }),
    } as unknown as Forecaster;
    await expect(backtest(lazy, whole, { horizon: 3, folds: 1 })).rejects.toMatchObject({
      code: "BACKTEST_INVALID",
    });
  });
});
