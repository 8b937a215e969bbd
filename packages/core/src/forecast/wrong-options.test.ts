import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import { float64, timestamp, utf8 } from "../schema/column-type.ts";
import { columnsFromArrays } from "../schema/from-arrays.ts";
import { autoForecaster } from "./auto/auto-forecaster.ts";
import { backtest } from "./backtest/backtest.ts";
import { conformal } from "./conformal/conformal.ts";
import { ensemble } from "./ensemble/ensemble.ts";
import { gbdt } from "./gbdt/gbdt.ts";
import { aggregatePanel } from "./hierarchy/aggregate.ts";
import { reconciled } from "./hierarchy/reconciled.ts";
import { loadForecaster } from "./load-forecaster.ts";
import { arima } from "./models/arima/arima.ts";
import { ces } from "./models/ces/ces.ts";
import { croston } from "./models/croston.ts";
import { ets, holt, holtWinters } from "./models/ets/ets.ts";
import { mstl } from "./models/mstl/mstl.ts";
import { seasonalNaive } from "./models/seasonal-naive.ts";
import { theta } from "./models/theta/theta.ts";
import { tsb } from "./models/tsb.ts";
import { windowAverage } from "./models/window-average.ts";
import { panel } from "./panel/build-panel.ts";
import { slicePanel } from "./panel/panel-slices.ts";
import { reduce } from "./reduce/reduce.ts";
import { elasticNet, lasso } from "./regressors/elastic-net.ts";
import { knn } from "./regressors/knn.ts";
import { mlRegressor } from "./regressors/ml-regressor.ts";
import { randomForest } from "./regressors/random-forest.ts";
import { ridge } from "./regressors/ridge.ts";

const hour = 3_600_000_000n;
const columns = columnsFromArrays(
  { at: timestamp(), y: float64() },
  {
    at: BigInt64Array.from({ length: 60 }, (_, i) => hour * BigInt(i)),
    y: Float64Array.from({ length: 60 }, (_, i) => i % 24),
  },
);
const load = panel(columns, { time: "at", target: "y", frequency: "1h" });
const matrix = {
  rows: 2,
  columns: [{ name: "a", kind: "numeric" as const, values: Float64Array.of(1, 2) }],
};
const naive = seasonalNaive({ seasonLength: 24 });

describe("misspelt options", () => {
  it.each<[string, string, () => unknown]>([
    ["panel", "frequency", () => panel(columns, untyped({ time: "at", target: "y", frequncy: "1h" }))],
    ["seasonalNaive", "seasonLength", () => seasonalNaive(untyped({ seasonLenght: 24 }))],
    ["windowAverage", "window", () => windowAverage(untyped({ windw: 24 }))],
    ["croston", "variant", () => croston(untyped({ varient: "sba" }))],
    ["tsb", "sizeRate", () => tsb(untyped({ sizRate: 0.1, probabilityRate: 0.1 }))],
    ["autoForecaster", "budget", () => autoForecaster(untyped({ budgt: "1m" }))],
    ["arima", "seasonalOrder", () => arima(untyped({ order: [1, 0, 0], seasonOrder: [0, 1, 1] }))],
    ["ets", "damped", () => ets(untyped({ dampd: true }))],
    ["theta", "variant", () => theta(untyped({ varient: "dynamic" }))],
    ["ces", "seasonLength", () => ces(untyped({ seasonLenght: 4 }))],
    ["holt", "damped", () => holt(untyped({ dampd: true }))],
    ["holtWinters", "seasonLength", () => holtWinters(untyped({ seasonLenght: 4 }))],
    ["mstl", "seasonLengths", () => mstl(untyped({ seasonLenghts: [4] }))],
    ["reduce", "lags", () => reduce(gbdt(), untyped({ lag: [24] }))],
    ["reduce level", "width", () => reduce(gbdt(), untyped({ level: { widht: 24 } }))],
    [
      "reduce window",
      "every",
      () => reduce(gbdt(), untyped({ windows: [{ aggregate: "mean", width: 2, evry: 1 }] })),
    ],
    ["gbdt", "trees", () => gbdt(untyped({ tree: 5 }))],
    ["gbdt early stopping", "rounds", () => gbdt(untyped({ earlyStopping: { round: 5 } }))],
    ["ridge", "l2", () => ridge(untyped({ l1: 5 }))],
    ["elasticNet", "l1Ratio", () => elasticNet(untyped({ l1ratio: 5 }))],
    ["lasso", "penalty", () => lasso(untyped({ penlty: 5 }))],
    ["knn", "neighbours", () => knn(untyped({ neighbors: 5 }))],
    [
      "mlRegressor",
      "train",
      () => mlRegressor(untyped({ name: "none", trin: () => ({}), load: () => ({}) })),
    ],
    ["randomForest", "trees", () => randomForest(untyped({ tres: 5 }))],
    ["ensemble", "combine", () => ensemble([naive, naive], untyped({ combin: "mean" }))],
    ["conformal", "folds", () => conformal(naive, untyped({ fold: 5 }))],
    ["reconciled", "levels", () => reconciled(naive, untyped({ level: [[]] }))],
    ["aggregatePanel", "levels", () => aggregatePanel(load, untyped({ level: [[]] }))],
    ["fit", "horizon", () => naive.fit(load, untyped({ horizn: 5 }))],
    [
      "predict",
      "levels",
      async () => (await naive.fit(load, { horizon: 2 })).predict(untyped({ level: [80] })),
    ],
    ["backtest", "levels", () => backtest(naive, load, untyped({ horizon: 2, folds: 2, level: [80] }))],
  ])("of %s are refused with what was meant: %s", async (_, meant, work) => {
    const error = await errorOf(work);
    expect(error.message).toMatch(/has no option "/);
    expect(error.hint).toBe(`Did you mean "${meant}"?`);
  });
});

describe("levels", () => {
  const asked: readonly [string, (levels: unknown) => unknown][] = [
    [
      "predict",
      async (levels) => (await naive.fit(load, { horizon: 2 })).predict({ levels: untyped(levels) }),
    ],
    ["backtest", (levels) => backtest(naive, load, { horizon: 2, folds: 2, levels: untyped(levels) })],
    ["conformal", (levels) => conformal(naive, { levels: untyped(levels) })],
  ];
  it.each(asked)("of %s are percentages in a list, each once", async (_, ask) => {
    expect(await errorOf(() => ask([0.8]))).toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      hint: "Write 80 for the interval that holds 80 % of the outcomes.",
    });
    expect((await errorOf(() => ask(80))).hint).toBe("Give a list: [80].");
    expect((await errorOf(() => ask(["80"]))).message).toMatch(/got the text "80"/);
    expect((await errorOf(() => ask([80, 80]))).message).toBe("The level 80 is given twice.");
    expect((await errorOf(() => ask([100]))).message).toMatch(/less than 100, got 100/);
  });
});

describe("quantiles", () => {
  const ask = async (quantiles: unknown) =>
    (await naive.fit(load, { horizon: 2 })).predict({ quantiles: untyped(quantiles) });

  it("are probabilities in a list, each once", async () => {
    expect(await errorOf(() => ask([90]))).toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      hint: "Write 0.9 for the value that 90 % of the outcomes lie below, 0.5 for the median.",
    });
    expect((await errorOf(() => ask(0.5))).message).toMatch(/quantiles must be a list/);
    expect((await errorOf(() => ask([0]))).message).toMatch(/between 0 and 1, got 0/);
    expect((await errorOf(() => ask([Number.NaN]))).message).toMatch(/between 0 and 1/);
    expect((await errorOf(() => ask([0.5, 0.5]))).message).toBe("The quantile 0.5 is given twice.");
  });
});

describe("intervals", () => {
  it("are refused of a model that has none, with what gives it some", async () => {
    const fitted = await croston().fit(load, { horizon: 2 });
    expect(fitted.hasIntervals).toBe(false);
    expect(fitted.predict({ levels: [], quantiles: [] }).quantiles).toEqual([]);
    const error = await errorOf(() => fitted.predict({ levels: [80, 95], quantiles: [0.5] }));
    expect(error).toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      message: "predict({ levels: [80, 95], quantiles: [0.5] }) asks for intervals, and croston has none.",
      details: { model: "croston", levels: [80, 95] },
    });
    expect(error.hint).toMatch(/^Fit conformal\(croston\(\.\.\.\)\)/);
  });
});

describe("keys", () => {
  it("that lack a column, or have another, are told which", async () => {
    const shops = panel(
      columnsFromArrays(
        { region: utf8(), shop: utf8(), at: timestamp(), y: float64() },
        { region: ["n"], shop: ["s01"], at: BigInt64Array.of(0n), y: Float64Array.of(1) },
      ),
      { keys: ["region", "shop"], time: "at", target: "y", frequency: "1h" },
    );
    const fitted = await windowAverage({ window: 1 }).fit(shops, { horizon: 1 });
    const messageOf = async (key: Record<string, string>) =>
      (await errorOf(() => fitted.predict({ keys: [key] }))).message;
    expect(await messageOf({ shop: "s01" })).toBe(
      'A key was never seen in the fit: {"shop":"s01"}. "region" is missing.',
    );
    expect(await messageOf({ region: "n", shop: "s01", city: "x" })).toMatch(/"city" is no key column\.$/);
    expect(await messageOf({ region: "n", shop: "s02" })).toBe(
      'A key was never seen in the fit: {"region":"n","shop":"s02"}.',
    );
  });
});

describe("saved bytes", () => {
  it("may come in an ArrayBuffer", async () => {
    const fitted = await naive.fit(load, { horizon: 2 });
    const { buffer } = Uint8Array.from(fitted.save());
    expect(loadForecaster(buffer).predict().mean).toEqual(fitted.predict().mean);
  });
});

describe("wrong values", () => {
  it.each<[string, string, RegExp, () => unknown]>([
    [
      "lags as one number",
      "MODEL_PARAMETER_INVALID",
      /lags must be a list, got 24/,
      () => reduce(gbdt(), untyped({ lags: 24 })),
    ],
    [
      "a forecaster as the regressor of reduce",
      "MODEL_PARAMETER_INVALID",
      /reduce\(\) takes a regressor, and holt\(\) is a forecaster/,
      () => reduce(untyped(holt()), { lags: [24] }),
    ],
    [
      "a calendar feature of an unknown field",
      "MODEL_PARAMETER_INVALID",
      /A calendar feature is one of .*, got an object/,
      () => reduce(gbdt(), untyped({ calendar: [{ field: {} }] })),
    ],
    [
      "knownFuture as one text",
      "PANEL_INVALID",
      /knownFuture must be a list/,
      () => panel(columns, untyped({ time: "at", target: "y", frequency: "1h", knownFuture: "temp" })),
    ],
    [
      "an unknown variant of Croston",
      "MODEL_PARAMETER_INVALID",
      /variant is one of classic, optimized, sba, got the text "fast"/,
      () => croston({ variant: untyped("fast") }),
    ],
    [
      "a rate beyond 1",
      "MODEL_PARAMETER_INVALID",
      /probabilityRate must be between 0 and 1, got 2/,
      () => tsb({ sizeRate: 0.1, probabilityRate: 2 }),
    ],
    [
      "refit as a text",
      "MODEL_PARAMETER_INVALID",
      /refit must be true, false or a whole number of folds, got the text "yes"/,
      () => backtest(naive, load, untyped({ horizon: 2, folds: 2, refit: "yes" })),
    ],
    [
      "a number as text",
      "MODEL_PARAMETER_INVALID",
      /got the text "24"/,
      () => seasonalNaive(untyped({ seasonLength: "24" })),
    ],
    [
      "fit of columns",
      "PANEL_INVALID",
      /fit\(\) takes a panel, got columns/,
      () => naive.fit(untyped(columns), { horizon: 2 }),
    ],
    [
      "conformal fit of columns",
      "PANEL_INVALID",
      /fit\(\) takes a panel, got columns/,
      () => conformal(naive).fit(untyped(columns), { horizon: 2 }),
    ],
    [
      "reduce fit of columns",
      "PANEL_INVALID",
      /fit\(\) takes a panel, got columns/,
      () => reduce(gbdt()).fit(untyped(columns), { horizon: 2 }),
    ],
    [
      "backtest of columns",
      "PANEL_INVALID",
      /backtest\(\) takes a panel, got columns/,
      () => backtest(naive, untyped(columns), { horizon: 2, folds: 2 }),
    ],
    [
      "fit without options",
      "MODEL_PARAMETER_INVALID",
      /takes an object of options, got undefined/,
      () => naive.fit(load, untyped(undefined)),
    ],
    [
      "panel without options",
      "PANEL_INVALID",
      /takes an object of options, got undefined/,
      () => panel(columns, untyped(undefined)),
    ],
    [
      "panel of rows",
      "PANEL_INVALID",
      /panel\(\) takes columns, got a list of 1|got a list of one value/,
      () => panel(untyped([{}]), { time: "at", target: "y", frequency: "1h" } as never),
    ],
    [
      "panel without target",
      "PANEL_INVALID",
      /was not told the target/,
      () => panel(columns, untyped({ time: "at", frequency: "1h" })),
    ],
    [
      "too little history for one fold",
      "SERIES_TOO_SHORT",
      /A calibration of 1 fold of 70 steps needs 71 rows/,
      () => conformal(naive, { folds: 1 }).fit(load, { horizon: 70 }),
    ],
    [
      "a horizon of seconds",
      "MODEL_PARAMETER_INVALID",
      /A horizon has at most 100000 steps, got 604800/,
      () => naive.fit(load, { horizon: 604_800 }),
    ],
    [
      "a signal that is none",
      "MODEL_PARAMETER_INVALID",
      /signal is an AbortSignal, got true/,
      () => naive.fit(load, untyped({ horizon: 2, signal: true })),
    ],
    [
      "progress as a text",
      "MODEL_PARAMETER_INVALID",
      /progress is a function, got the text "yes"/,
      () => naive.fit(load, untyped({ horizon: 2, progress: "yes" })),
    ],
    [
      "ets without options",
      "MODEL_PARAMETER_INVALID",
      /takes an object of options, got undefined/,
      () => ets().fit(load, untyped(undefined)),
    ],
    [
      "more paths than memory",
      "MODEL_PARAMETER_INVALID",
      /1000000000 paths of 1 series and 2 steps take 14.9 GiB; at most 2 GiB are drawn at once/,
      async () => (await ets().fit(load, { horizon: 2 })).samplePaths({ paths: 1e9 }),
    ],
    [
      "rows where a regressor takes columns",
      "SCHEMA_MISMATCH",
      /The training matrix is a list of 2 values, not \{ rows, columns \}/,
      () => gbdt().fit(untyped([[1], [2]]), untyped([1, 2])),
    ],
    [
      "a list as target",
      "SCHEMA_MISMATCH",
      /The target is a list of 2 values, not a Float64Array/,
      () => gbdt().fit(matrix, untyped([1, 2])),
    ],
    [
      "a column without values",
      "SCHEMA_MISMATCH",
      /Column 0 of the training matrix is no \{ name, kind, values \}/,
      () => elasticNet().fit(untyped({ rows: 2, columns: [[1, 2]] }), Float64Array.of(1, 2)),
    ],
    [
      "shap of a row",
      "SCHEMA_MISMATCH",
      /The matrix is a list of 2 values/,
      async () => (await gbdt({ trees: 1 }).fit(matrix, Float64Array.of(1, 2))).shap(untyped([1, 2])),
    ],
    [
      "shap of nothing",
      "SCHEMA_MISMATCH",
      /The matrix is undefined/,
      async () => (await gbdt({ trees: 1 }).fit(matrix, Float64Array.of(1, 2))).shap(untyped(undefined)),
    ],
    [
      "a text as row",
      "SCHEMA_MISMATCH",
      /A row is numbers in an array, got the text "a"/,
      async () => (await gbdt({ trees: 1 }).fit(matrix, Float64Array.of(1, 2))).predictRow(untyped("a")),
    ],
    [
      "a key as text",
      "KEY_UNKNOWN",
      /Key 0 is the text "s01", not an object of key columns/,
      async () => (await naive.fit(load, { horizon: 2 })).predict({ keys: untyped(["s01"]) }),
    ],
    [
      "too few rows of a single series",
      "SERIES_TOO_SHORT",
      /^ets needs 5 rows with a known target; the series has 1\.$/,
      () => ets().fit(slicePanel(load, { until: 0n }), { horizon: 2 }),
    ],
    [
      "loading a path",
      "MODEL_FORMAT_INVALID",
      /is bytes, got the text "x"/,
      () => loadForecaster(untyped("x")),
    ],
  ])("%s: %s", async (_, code, message, work) => {
    const error = await errorOf(work);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});
