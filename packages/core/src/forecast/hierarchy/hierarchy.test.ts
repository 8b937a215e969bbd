import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../../test/without-types.ts";
import { createRandom } from "../../random.ts";
import { float64, int64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { backtest } from "../backtest/backtest.ts";
import { sumBacktest } from "../backtest/sum-backtest.ts";
import { conformal } from "../conformal/conformal.ts";
import type { FittedConformal } from "../conformal/fitted.ts";
import type { Forecast } from "../forecast.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { ses } from "../models/ets/ets.ts";
import { naive } from "../models/naive.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { panel } from "../panel/build-panel.ts";
import type { Panel, SeriesKey } from "../panel/panel.ts";
import { panelToColumns, slicePanel } from "../panel/panel-slices.ts";
import { seriesKeyText } from "../panel/series-key.ts";
import { reduce } from "../reduce/reduce.ts";
import { ridge } from "../regressors/ridge.ts";
import type { Draws } from "../sample-paths.ts";
import { aggregatePanel } from "./aggregate.ts";
import type { FittedReconciled } from "./fitted.ts";
import { reconciled } from "./reconciled.ts";
import type { ReconcileMethod } from "./weights.ts";

const day = 86_400_000_000n;

interface Row {
  readonly region: string;
  readonly store: number;
  readonly day: number;
  readonly y: number | null;
  readonly price?: number | null;
  readonly kind?: string | null;
}

function rowsOf(rows: readonly Row[]): Columns {
  return columnsFromArrays(
    {
      region: utf8(),
      store: int64(),
      at: timestamp(),
      y: nullable(float64()),
      price: nullable(float64()),
      kind: nullable(utf8()),
    },
    {
      region: rows.map(({ region }) => region),
      store: BigInt64Array.from(rows, ({ store }) => BigInt(store)),
      at: BigInt64Array.from(rows, (row) => day * BigInt(row.day)),
      y: rows.map(({ y }) => y),
      price: rows.map(({ price }) => price ?? null),
      kind: rows.map(({ kind }) => kind ?? null),
    },
  ) as Columns;
}
const spec = { keys: ["region", "store"], time: "at", target: "y", frequency: "1d" } as const;
const stores = [
  { region: "north", store: 1 },
  { region: "north", store: 2 },
  { region: "south", store: 1 },
  { region: "south", store: 3 },
  { region: "west", store: 4 },
];

/** Sales with a weekly season of the region and a level of the store. */
function sales(days: number, seed = "sales", low = 0): Row[] {
  const random = createRandom(seed);
  return stores.flatMap(({ region, store }, i) =>
    Array.from({ length: days }, (_, t) => ({
      region,
      store,
      day: t,
      y: low + 20 + 5 * i + 6 * Math.sin((2 * Math.PI * (t + region.length)) / 7) + random.normal(0, 3),
    })),
  );
}
const levels = [[], ["region"]];
const methods: readonly ReconcileMethod[] = ["bottomUp", "ols", "structural", "variance", "minTrace"];

/** Values of a series in a panel, by text of its key. */
function seriesOf(all: Panel, key: SeriesKey): { y: number[]; first: bigint } {
  const s = all.series.findIndex((one) => seriesKeyText(one) === seriesKeyText(key));
  const start = all.offsets[s] as number;
  return { y: [...all.y.subarray(start, all.offsets[s + 1])], first: all.times[start] as bigint };
}

/** The largest difference of a sum to the forecasts of its series. */
function incoherence(forecast: Forecast): number {
  const steps = Math.max(...forecast.step);
  const isOf = (key: SeriesKey, sum: SeriesKey): boolean =>
    Object.entries(sum).every(([name, value]) => value === "*" || key[name] === value);
  let worst = 0;
  forecast.series.forEach((sum, j) => {
    for (let h = 0; h < steps; h++) {
      let total = 0;
      forecast.series.forEach((key, s) => {
        if (!Object.values(key).includes("*") && isOf(key, sum))
          total += forecast.mean[s * steps + h] as number;
      });
      worst = Math.max(worst, Math.abs(total - (forecast.mean[j * steps + h] as number)));
    }
  });
  return worst;
}

describe("aggregatePanel", () => {
  it("sums by every set of keys, and then has the series themselves", () => {
    const rows = stores.flatMap(({ region, store }, i) =>
      [0, 1, 2].map((t) => ({ region, store, day: t, y: 10 ** i + t })),
    );
    const all = aggregatePanel(panel(rowsOf(rows), spec), { levels: [[], ["region"], ["store"]] });
    expect(all.series.map((key) => Object.values(key).join("/"))).toEqual([
      "*/*",
      "north/*",
      "south/*",
      "west/*",
      "*/1",
      "*/2",
      "*/3",
      "*/4",
      "north/1",
      "north/2",
      "south/1",
      "south/3",
      "west/4",
    ]);
    expect(seriesOf(all, { region: "*", store: "*" }).y).toEqual([11111, 11116, 11121]);
    expect(seriesOf(all, { region: "south", store: "*" }).y).toEqual([1100, 1102, 1104]);
    expect(seriesOf(all, { region: "*", store: "1" }).y).toEqual([101, 103, 105]);
    // What comes out is a panel like any other.
    const again = panel(panelToColumns(all), spec);
    expect(again.y.length).toBe(all.y.length);
  });

  it("counts a series as nothing before it begins, and a sum as missing where one of its series is", () => {
    const rows: Row[] = [
      ...[0, 1, 2, 3].map((t) => ({ region: "n", store: 1, day: t, y: t === 1 ? null : 1 })),
      ...[2, 3].map((t) => ({ region: "n", store: 2, day: t, y: 10 })),
      ...[0, 1, 2].map((t) => ({ region: "s", store: 3, day: t, y: 100 })),
    ];
    const all = aggregatePanel(panel(rowsOf(rows), spec), { levels });
    expect(seriesOf(all, { region: "n", store: "*" }).y).toEqual([1, Number.NaN, 11, 11]);
    expect(seriesOf(all, { region: "*", store: "*" }).y).toEqual([101, Number.NaN, 111, Number.NaN]);
    expect(seriesOf(all, { region: "s", store: "*" }).y).toEqual([100, 100, 100]);
  });

  it("gives sums the mean of numbers and the most frequent category", () => {
    const of = (store: number, price: number | null, kind: string | null): Row[] =>
      [0, 1].map((t) => ({ region: "n", store, day: t, y: 1, price: t === 0 ? price : 5, kind }));
    const rows = [...of(1, 1, "b"), ...of(2, 2, "a"), ...of(3, 6, "b"), ...of(4, null, "c")];
    const all = aggregatePanel(panel(rowsOf(rows), { ...spec, knownFuture: ["price"], pastOnly: ["kind"] }), {
      levels: [[]],
    });
    expect([...(all.known[0]?.values ?? [])].slice(0, 2)).toEqual([Number.NaN, 5]);
    expect(
      [...(all.past[0]?.values ?? [])].slice(0, 2).map((code) => all.past[0]?.categories?.[code]),
    ).toEqual(["b", "b"]);
  });

  it("refuses levels and keys that it cannot tell apart", async () => {
    const of = (wrong: unknown) =>
      errorOf(() => aggregatePanel(panel(rowsOf(sales(3)), spec), { levels: untyped(wrong) }));
    expect((await of([["city"]])).message).toMatch(/names "city", which is no key of the panel/);
    expect((await of([["store", "region"]])).message).toMatch(/that is the bottom, which is always there/);
    expect((await of([["region"], ["region"]])).message).toMatch(/given twice/);
    expect((await of(["region"])).message).toMatch(/is a list of key columns, got the text "region"/);
    expect((await of([])).message).toMatch(/no levels to sum to/);
    const starred = panel(rowsOf([{ region: "*", store: 1, day: 0, y: 1 }]), spec);
    expect((await errorOf(() => aggregatePanel(starred, { levels }))).code).toBe("PANEL_INVALID");
  });
});

describe("reconciled", () => {
  const history = panel(rowsOf(sales(84)), spec);

  it.each(methods)("adds up at every level: %s", async (method) => {
    const fitted = await reconciled(ses(), { levels: [[], ["region"], ["store"]], method }).fit(history, {
      horizon: 7,
    });
    const all = fitted.predictLevels();
    expect(all.series.length).toBe(13);
    expect(incoherence(all)).toBeLessThan(1e-9);
    expect([...fitted.predict().mean]).toEqual([...all.mean.subarray(8 * 7)]);
    expect(fitted.series).toEqual(history.series);
    const south = fitted.predictLevels({ keys: [{ region: "south", store: "*" }], horizon: 3 });
    expect([...south.mean]).toEqual([...all.mean.subarray(2 * 7, 2 * 7 + 3)]);
  });

  it("sums bottom-up what the forecaster says of each series", async () => {
    const fitted = await reconciled(seasonalNaive({ seasonLength: 7 }), { levels, method: "bottomUp" }).fit(
      history,
      { horizon: 7 },
    );
    const alone = await seasonalNaive({ seasonLength: 7 }).fit(history, { horizon: 7 });
    expect([...fitted.predict().mean]).toEqual([...alone.predict().mean]);
  });

  it("is of less error than the series' own forecasts where noise hides what they share", async () => {
    const random = createRandom("shared");
    const level = Array.from({ length: 200 }, () => 0);
    for (let t = 1; t < 200; t++) level[t] = (level[t - 1] as number) + random.normal(0, 1);
    const noisy = stores.flatMap(({ region, store }) =>
      level.map((value, t) => ({ region, store, day: t, y: 100 + value + random.normal(0, 6) })),
    );
    const shared = panel(rowsOf(noisy), spec);
    const rmse = async (forecaster: Parameters<typeof backtest>[0]) =>
      (await backtest(forecaster, shared, { horizon: 2, folds: 20, refit: false, levels: [] })).overall.rmse;
    const alone = await rmse(ses());
    expect(await rmse(reconciled(ses(), { levels, method: "minTrace" }))).toBeLessThan(alone);
    expect(await rmse(reconciled(ses(), { levels, method: "structural" }))).toBeLessThan(alone);
  });

  it.each(methods)("gives nothing below 0 when told so: %s", async (method) => {
    const low = panel(rowsOf(sales(84, "low", -25)), spec);
    const options = { levels, method } as const;
    const free = (await reconciled(ses(), options).fit(low, { horizon: 3 })).predictLevels();
    expect(Math.min(...free.mean)).toBeLessThan(0);
    const bounded = (
      await reconciled(ses(), { ...options, nonNegative: true }).fit(low, { horizon: 3 })
    ).predictLevels();
    expect(Math.min(...bounded.mean)).toBeGreaterThanOrEqual(0);
    expect(incoherence(bounded)).toBeLessThan(1e-9);
  });

  it("lets series that stay behind wait, and takes their values in when they come", async () => {
    const fitted = await reconciled(naive(), { levels, method: "structural" }).fit(history, { horizon: 4 });
    const later = sales(86).filter((row) => row.day >= 84);
    const atOnce = fitted.update(rowsOf(later));
    const some = fitted.update(rowsOf(later.filter(({ region }) => region !== "south")));
    expect([...some.lastTimes]).toEqual(Array(5).fill(day * 85n));
    expect(incoherence(some.predictLevels())).toBeLessThan(1e-9);
    const all = some.update(rowsOf(later.filter(({ region }) => region === "south")));
    expect([...all.predictLevels().mean]).toEqual([...atOnce.predictLevels().mean]);
    expect(loadForecaster(all.save()).predict()).toEqual(all.predict());
  });

  it("is updated to what a fit of the same weights on the longer history predicts", async () => {
    const later = sales(90).filter((row) => row.day >= 84);
    const forecaster = reconciled(naive(), { levels, method: "ols" });
    const updated = (await forecaster.fit(history, { horizon: 4 })).update(rowsOf(later));
    const refitted = await forecaster.fit(panel(rowsOf(sales(90)), spec), { horizon: 4 });
    expect([...updated.predictLevels().mean]).toEqual([...refitted.predictLevels().mean]);
  });

  it("is judged at every level by the sums of its backtest", async () => {
    const options = { levels: [[], ["region"]] } as const;
    const result = await backtest(reconciled(ses(), options), history, { horizon: 7, folds: 3, gap: 1 });
    const all = sumBacktest(result, history, options);
    expect(all.series.length).toBe(4 + 5);
    expect(all.byKey.length).toBe(9);
    // A fold by hand: the forecast of all levels at the same cutoff.
    const cutoff = all.byFold[1]?.cutoff as bigint;
    const fitted = await reconciled(ses(), options).fit(slicePanel(history, { until: cutoff }), {
      horizon: 8,
    });
    const total = fitted.predictLevels({ keys: [{ region: "*", store: "*" }] });
    const outcomes = seriesOf(aggregatePanel(history, options), { region: "*", store: "*" }).y;
    const at = Number(cutoff / day) + 2;
    const rows = Array.from({ length: all.length }, (_, row) => row).filter(
      (row) => all.fold[row] === 1 && all.seriesIndex[row] === 0,
    );
    rows.forEach((row, h) => {
      expect(all.mean[row]).toBeCloseTo(total.mean[h + 1] as number, 8);
      expect(all.y[row]).toBeCloseTo(outcomes[at + h] as number, 8);
      expect(all.step[row]).toBe(h + 2);
      expect(all.time[row]).toBe(day * BigInt(at + h));
    });
    expect(all.byKey.slice(4).map(({ mae, mase }) => [mae, mase])).toEqual(
      result.byKey.map(({ mae, mase }) => [mae, mase]),
    );
    expect(all.intervals).toBe("none");
    const other = await errorOf(() =>
      sumBacktest(result, slicePanel(aggregatePanel(history, options), {}), { levels: [[]] }),
    );
    expect(other.code).toBe("BACKTEST_INVALID");
  });

  it("names of wrong future rows those of the series, and not of their sums", async () => {
    const priced = sales(84).map((row) => ({ ...row, price: 5 + (row.day % 3), kind: "plain" }));
    const forecaster = reconciled(reduce(ridge(), { lags: [7] }), { levels, method: "ols" });
    const known = panel(rowsOf(priced), { ...spec, knownFuture: ["price", "kind"] });
    const fitted = await forecaster.fit(known, { horizon: 2 });
    const future = (price: number | null, kind: string) =>
      rowsOf(
        stores.flatMap(({ region, store }) =>
          [84, 85].map((t) => ({
            region,
            store,
            day: t,
            y: null,
            price: t === 84 && store > 2 ? price : 5,
            kind,
          })),
        ),
      );
    expect(fitted.predict({ future: future(6, "plain") }).length).toBe(2 * stores.length);
    const missing = await errorOf(() => fitted.predict({ future: future(null, "plain") }));
    expect(missing.code).toBe("FUTURE_VALUES_MISSING");
    expect(missing.message).toMatch(
      /^2 of 10 future rows lack values: .*"store":3n.*\(price\) and .*"store":4n/,
    );
    const unknown = await errorOf(() => fitted.predict({ future: future(6, "plin") }));
    expect(unknown).toMatchObject({ code: "VALUE_INVALID", details: { count: 10 } });
    expect(unknown.hint).toMatch(/^Did you mean "plain"/);
  });

  it("gets intervals from conformal, which judges the series by their own past", async () => {
    const wrapped = conformal(reconciled(naive(), { levels }), { folds: 10 });
    const forecast = (await wrapped.fit(history, { horizon: 4 })).predict({ levels: [80] });
    expect(forecast.quantiles.map(({ probability }) => probability)).toEqual([0.1, 0.9]);
    const plain = await reconciled(naive(), { levels }).fit(history, { horizon: 4 });
    expect(plain.hasIntervals).toBe(false);
    for (const ask of [plain.predict, plain.predictLevels] as const)
      expect(() => ask({ levels: [80] })).toThrow(/and reconciled has none/);
  });

  it("draws paths with conformal whose sums are those of the levels", async () => {
    const fitted = (await conformal(reconciled(naive(), { levels }), { folds: 15 }).fit(history, {
      horizon: 4,
    })) as FittedConformal;
    const north = fitted.series.filter(({ region }) => region === "north");
    const paths = await fitted.samplePaths({ paths: 500, keys: north });
    const inner = fitted.forecaster as FittedReconciled;
    const { mean } = inner.predictLevels({ keys: [{ region: "north", store: "*" }] });
    paths.sums("series").forEach((draws, h) => {
      const [low, high] = draws.interval(95);
      expect(low).toBeLessThan(mean[h] as number);
      expect(high).toBeGreaterThan(mean[h] as number);
      expect(Math.abs(draws.mean - (mean[h] as number))).toBeLessThan((high - low) / 8);
    });
    // The draws of single series are the same as among all.
    const all = (await fitted.samplePaths({ paths: 500 })).sums("steps");
    expect([...(paths.sums("steps")[0] as Draws).values]).toEqual([...(all[0] as Draws).values]);
  });

  it("refuses what cannot add up, with the series", async () => {
    const ragged = panel(
      rowsOf(sales(84).filter(({ region, day: at }) => region !== "west" || at < 80)),
      spec,
    );
    const forecaster = reconciled(naive(), { levels });
    const error = await errorOf(() => forecaster.fit(ragged, { horizon: 4 }));
    expect(error.code).toBe("PANEL_INVALID");
    expect(error.message).toMatch(/1 series end before: series \{"region":"west","store":4n\} at 1970-03-21/);
    const short = slicePanel(history, { until: day * 30n });
    const minTrace = reconciled(naive(), { levels, method: "minTrace" });
    expect((await errorOf(() => minTrace.fit(short, { horizon: 4 }))).message).toMatch(
      /Learning from the errors of 13 folds of 4 steps needs 53 rows/,
    );
    const oneRow = reconciled(naive(), { levels, method: "minTrace", folds: 1 });
    expect((await errorOf(() => oneRow.fit(history, { horizon: 1 }))).message).toMatch(
      /needs at least 2 rows of errors for their covariance; 1 fold of 1 step gives 1/,
    );
    await expect(oneRow.fit(history, { horizon: 2 })).resolves.toBeDefined();
    expect(() => reconciled(naive(), { levels, method: untyped("mint") })).toThrow(
      /method is one of bottomUp, ols/,
    );
    expect(() => reconciled(naive(), { levels, folds: 3 })).toThrow(
      /folds have no use for method: "structural"/,
    );
    expect(() => reconciled(naive(), untyped({ levels, methd: "ols" }))).toThrow(/has no option "methd"/);
  });
});
