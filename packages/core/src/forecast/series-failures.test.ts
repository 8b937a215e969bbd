import { describe, expect, it } from "vitest";
import { errorOf } from "../../../../test/without-types.ts";
import { createRandom } from "../random.ts";
import { float64, int64, nullable, timestamp } from "../schema/column-type.ts";
import { columnsFromArrays } from "../schema/from-arrays.ts";
import { autoForecaster } from "./auto/auto-forecaster.ts";
import { backtest } from "./backtest/backtest.ts";
import { conformal } from "./conformal/conformal.ts";
import { ensemble } from "./ensemble/ensemble.ts";
import type { Forecaster } from "./forecaster.ts";
import { gbdt } from "./gbdt/gbdt.ts";
import { reconciled } from "./hierarchy/reconciled.ts";
import { loadForecaster } from "./load-forecaster.ts";
import { arima } from "./models/arima/arima.ts";
import { croston } from "./models/croston.ts";
import { ets } from "./models/ets/ets.ts";
import { naive } from "./models/naive.ts";
import { seasonalNaive } from "./models/seasonal-naive.ts";
import { windowAverage } from "./models/window-average.ts";
import { panel } from "./panel/build-panel.ts";
import { reduce } from "./reduce/reduce.ts";
import { ridge } from "./regressors/ridge.ts";

const random = createRandom("failures");
const noise = (rows: number): (number | null)[] =>
  Array.from({ length: rows }, (_, t) => 20 + 5 * Math.sin((Math.PI * t) / 6) + random.uniform());

/** Hourly series by number of an int64 key, all ending in hour `end`, with a column that is known ahead. */
function rowsOf(series: Readonly<Record<number, readonly (number | null)[]>>, end: number) {
  const list = Object.entries(series).flatMap(([id, y]) =>
    y.map((value, t) => ({ id: BigInt(id), hour: end + 1 - y.length + t, y: value })),
  );
  return columnsFromArrays(
    { id: int64(), at: timestamp(), y: nullable(float64()), x: float64() },
    {
      id: BigInt64Array.from(list, ({ id }) => id),
      at: BigInt64Array.from(list, ({ hour }) => 3_600_000_000n * BigInt(hour)),
      y: list.map(({ y }) => y),
      x: Float64Array.from(list, ({ hour }) => hour % 5),
    },
  );
}

function panelOf(series: Readonly<Record<number, readonly (number | null)[]>>, end = 99) {
  return panel(rowsOf(series, end), {
    keys: ["id"],
    time: "at",
    target: "y",
    frequency: "1h",
    knownFuture: ["x"],
  });
}

const good = { 2: noise(100), 5: noise(90), 7: noise(100) };
const bad = {
  1: [3],
  3: Array.from({ length: 100 }, () => null),
  6: noise(100).map((y, t) => (t === 40 ? -1 : y)),
};
const all = panelOf({ ...good, ...bad });
const others = panelOf(good);

const forecasters: Record<string, { forecaster: Forecaster; left: readonly number[] }> = {
  ets: { forecaster: ets({ seasonLength: 12 }), left: [1, 3] },
  "ets that takes positive targets": {
    forecaster: ets({ seasonLength: 12, season: "multiplicative", error: "multiplicative" }),
    left: [1, 3, 6],
  },
  croston: { forecaster: croston(), left: [1, 3, 6] },
  arima: { forecaster: arima({ order: [1, 0, 0], regressors: ["x"] }), left: [1, 3] },
  seasonalNaive: { forecaster: seasonalNaive({ seasonLength: 12 }), left: [1, 3] },
  windowAverage: { forecaster: windowAverage({ window: 5 }), left: [1, 3] },
  reduce: { forecaster: reduce(ridge(), { lags: [12, 24] }), left: [1, 3] },
  ensemble: { forecaster: ensemble([naive(), croston()], { combine: "mean" }), left: [1, 3, 6] },
  "reduce of logarithms": {
    forecaster: reduce(ridge(), { lags: [12, 24], transform: "log" }),
    left: [1, 3, 6],
  },
  "weighted ensemble": {
    forecaster: ensemble([croston(), seasonalNaive({ seasonLength: 24 })], { combine: "weighted" }),
    left: [1, 3, 6],
  },
  conformal: { forecaster: conformal(windowAverage({ window: 5 }), { folds: 5 }), left: [1, 3] },
};

/** The future of all series, also of those that are left out. */
const future = rowsOf(Object.fromEntries([1, 2, 3, 5, 6, 7].map((id) => [id, [0, 0, 0, 0]])), 103);

describe.each(Object.entries(forecasters))("%s", (_, { forecaster, left }) => {
  const kept = [2, 5, 6, 7].filter((id) => !left.includes(id));
  const horizon = 4;

  it("refuses series that cannot be fitted, all of one reason at once, unless told to collect them", async () => {
    for (const options of [{ horizon }, { horizon, failures: "throw" }] as const)
      await expect(forecaster.fit(all, options)).rejects.toMatchObject({
        code: expect.stringMatching(/SERIES_TOO_SHORT|PANEL_INVALID|VALUE_INVALID/),
      });
  });

  it("fits the others as if there were no more, and says why which are left out", async () => {
    const fitted = await forecaster.fit(all, { horizon, failures: "collect" });
    expect(fitted.series).toEqual(kept.map((id) => ({ id: BigInt(id) })));
    expect(fitted.failures?.map(({ key }) => Number(key["id"])).sort()).toEqual(left);
    for (const { code, message } of fitted.failures ?? []) {
      expect(["SERIES_TOO_SHORT", "PANEL_INVALID", "VALUE_INVALID"]).toContain(code);
      expect(message).toMatch(
        /needs \d+ rows?( with [a-z ]+)?, and the series has \d|takes (only|no target).*1970-01-02T16:00|1 of the series are not/,
      );
    }
    const alone = await forecaster.fit(kept.includes(6) ? panelOf({ ...good, 6: bad[6] }) : others, {
      horizon,
    });
    expect(alone.failures).toEqual([]);
    const levels = fitted.hasIntervals ? [80] : [];
    expect(fitted.predict({ levels, future })).toEqual(
      alone.predict({
        levels,
        future: rowsOf(Object.fromEntries(kept.map((id) => [id, [0, 0, 0, 0]])), 103),
      }),
    );
  });

  it("keeps what failed in its bytes, passes over later rows of it, and says why it has no forecast", async () => {
    const fitted = await forecaster.fit(all, { horizon, failures: "collect" });
    const restored = loadForecaster(fitted.save(), { regressors: [ridge()] });
    expect(restored.failures).toEqual(fitted.failures);
    expect(forecaster.load(fitted.save()).save()).toEqual(fitted.save());
    const news = (ids: readonly number[]) =>
      rowsOf(Object.fromEntries(ids.map((id) => [id, [20 + id]])), 100);
    for (const one of [fitted, restored]) {
      const next = one.update(news([1, 2, 3, 5, 6, 7]));
      expect(next.save()).toEqual(one.update(news(kept)).save());
      expect(next.failures).toEqual(fitted.failures);
      expect(() => next.predict({ keys: [{ id: 2n }, { id: 1n }], future })).toThrow(
        /The fit left out series \{"id":1n\} \(.* needs \d+ rows?( with [a-z ]+)?, and the series has 1\.\)/,
      );
      expect(() => next.predict({ keys: [{ id: 4n }], future })).toThrow(
        /never seen in the fit: \{"id":4n\}/,
      );
    }
  });
});

describe("failures of series", () => {
  it("are an error of the reason when no series is left", async () => {
    const fit = croston().fit(panelOf(bad), { horizon: 1, failures: "collect" });
    await expect(fit).rejects.toMatchObject({
      code: "SERIES_TOO_SHORT",
      message: expect.stringMatching(/^None of the 3 series can be fitted: .*1n.*3n.*6n.*no target below 0/),
    });
    const alone = croston().fit(panelOf({ 3: bad[3] }), { horizon: 1, failures: "collect" });
    await expect(alone).rejects.toThrow(/^Series \{"id":3n\} cannot be fitted: croston needs .*[^.]\.$/);
  });

  it("are those that tell conformal nothing of their errors", async () => {
    const late = { ...good, 8: noise(100).map((y, t) => (t < 70 ? y : null)) };
    for (const by of ["series", "scaled"] as const) {
      const forecaster = conformal(naive(), { folds: 6, by, levels: [80] });
      await expect(forecaster.fit(panelOf(late), { horizon: 4 })).rejects.toMatchObject({
        code: "MODEL_PARAMETER_INVALID",
      });
      const fitted = await forecaster.fit(panelOf(late), { horizon: 4, failures: "collect" });
      expect(fitted.failures).toMatchObject([{ key: { id: 8n }, code: "MODEL_PARAMETER_INVALID" }]);
      const alone = await forecaster.fit(others, { horizon: 4 });
      expect(fitted.predict({ levels: [80], future })).toEqual(alone.predict({ levels: [80], future }));
    }
  });

  it("are those with targets that the regressor's loss does not take, named with their times", async () => {
    const counts = panelOf({ ...good, 8: noise(60).map((y, t) => (t > 50 ? -(t - 50) : y)) });
    const forecaster = reduce(gbdt({ trees: 3, loss: "poisson" }), { lags: [7] });
    const error = await errorOf(() => forecaster.fit(counts, { horizon: 3 }));
    expect(error.code).toBe("VALUE_INVALID");
    expect(error.message).toContain(
      'takes no target below 0; found series {"id":8n} at 1970-01-04T19:00:00Z (-1)',
    );
    const fitted = await forecaster.fit(counts, { horizon: 3, failures: "collect" });
    expect(fitted.failures).toMatchObject([{ key: { id: 8n }, code: "VALUE_INVALID" }]);
    expect(fitted.failures?.[0]?.message).toMatch(/9 of the series are/);
    const alone = await forecaster.fit(others, { horizon: 3 });
    const ahead = Object.fromEntries(Object.keys(good).map((id) => [id, [0, 0, 0]]));
    const own = rowsOf(ahead, 102);
    expect(fitted.predict({ future: own })).toEqual(alone.predict({ future: own }));
    // What differences make negative is told as it is learnt.
    const differenced = reduce(gbdt({ trees: 3, loss: "tweedie" }), { lags: [7], differences: [1] });
    expect(await errorOf(() => differenced.fit(others, { horizon: 3 }))).toMatchObject({
      message: expect.stringMatching(/learnt as -/),
      hint: expect.stringMatching(/leave out the differences/),
    });
  });

  it("are no option where sums would lack series, and its words are checked", async () => {
    const forecaster = reconciled(naive(), { levels: [[]] });
    await expect(forecaster.fit(others, { horizon: 1, failures: "collect" })).rejects.toThrow(
      /sums would lack the series/,
    );
    await expect(naive().fit(others, { horizon: 1, failures: "skip" as "collect" })).rejects.toThrow(
      /failures is "throw" or "collect", got the text "skip"/,
    );
    await expect(
      backtest(naive(), others, { horizon: 1, folds: 1, failures: true as unknown as "collect" }),
    ).rejects.toThrow(/failures is "throw" or "collect", got true/);
  });

  it("cost autoForecaster only the series without two known targets", async () => {
    const fitted = await autoForecaster({ budget: "1s" }).fit(all, { horizon: 4, failures: "collect" });
    expect(fitted.failures).toMatchObject([{ key: { id: 1n } }, { key: { id: 3n } }]);
    expect(fitted.series.length).toBe(4);
    expect(loadForecaster(fitted.save()).failures).toEqual(fitted.failures);
  });
});

describe("backtest with failures", () => {
  // The one is long enough from the second fold on.
  const growing = panelOf({ ...good, 9: noise(14) });

  it("judges each fold without the series that could not be fitted, and lists them by fold", async () => {
    const options = { horizon: 4, folds: 3, seasonLength: 1 };
    const forecaster = croston();
    const history = panelOf({ ...good, 6: [...noise(80).map(() => -1), ...noise(20)], 9: noise(9) });
    await expect(backtest(forecaster, history, options)).rejects.toThrow(/no target below 0/);
    const result = await backtest(forecaster, history, { ...options, failures: "collect" });
    expect(result.failures.map(({ fold, key, code }) => [fold, Number(key["id"]), code])).toEqual([
      [0, 6, "PANEL_INVALID"],
      [1, 9, "SERIES_TOO_SHORT"],
      [1, 6, "PANEL_INVALID"],
      [2, 6, "PANEL_INVALID"],
    ]);
    expect(result.leftOut).toEqual([
      { key: { id: 6n }, folds: 3 },
      { key: { id: 9n }, folds: 2 },
    ]);
    expect(result.length).toBe(4 * (3 + 3 + 4));
    const alone = await backtest(forecaster, others, options);
    expect(result.byKey.slice(0, 3)).toEqual(alone.byKey);
    expect(result.byKey.length).toBe(4);
  });

  it("updates the others where folds share a fit, and after an embargo", async () => {
    const options = { horizon: 4, folds: 2, refit: false, embargo: 2, levels: [] };
    const model = seasonalNaive({ seasonLength: 6 });
    await expect(backtest(model, growing, options)).rejects.toMatchObject({ code: "BACKTEST_INVALID" });
    const result = await backtest(model, growing, { ...options, failures: "collect" });
    expect(result.failures).toMatchObject([{ fold: 0, key: { id: 9n }, code: "SERIES_TOO_SHORT" }]);
    const alone = await backtest(model, others, options);
    expect(result.overall).toEqual(alone.overall);
    expect([...result.mean]).toEqual([...alone.mean]);
  });

  it("is an error where no series of a fold can be fitted", async () => {
    const short = panelOf({ 1: noise(30), 2: noise(30) });
    await expect(
      backtest(seasonalNaive({ seasonLength: 24 }), short, { horizon: 4, folds: 2, failures: "collect" }),
    ).rejects.toMatchObject({
      code: "BACKTEST_INVALID",
      message: expect.stringMatching(/Fold 1 of 2 .* None of the 2 series can be fitted/),
    });
  });
});
