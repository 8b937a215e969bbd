import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ProgressEvent } from "../../progress.ts";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import { panel } from "../panel/build-panel.ts";
import type { Panel } from "../panel/panel.ts";
import { panelToColumns, selectRows } from "../panel/panel-slices.ts";
import type { FeatureMatrix, FittedRegressor, Regressor } from "../regressor.ts";
import { ridge } from "../regressors/ridge.ts";
import type { ReduceOptions } from "./options.ts";
import { reduce } from "./reduce.ts";

const horizon = 6;
const rows = 90;
const near: ReduceOptions = {
  lags: [1, 3, 24],
  windows: [
    { aggregate: "mean", width: 4, lag: 2 },
    { aggregate: "max", width: 3 },
    { of: "load", aggregate: "min", width: 2, lag: 1 },
  ],
  covariateLags: { load: [2], id: [1] },
};

/** Two series of hours with a row number `id` known beforehand and a past-only `load`. */
function randomPanel(seed: number, length = rows) {
  const random = createRandom(seed);
  const total = 2 * length;
  return panel(
    columnsFromArrays(
      { key: utf8(), at: timestamp(), y: nullable(float64()), id: float64(), load: float64() },
      {
        key: Array.from({ length: total }, (_, i) => `s${Math.floor(i / length)}`),
        at: BigInt64Array.from({ length: total }, (_, i) => 3_600_000_000n * BigInt(i % length)),
        y: Array.from({ length: total }, () => random.uniform(1, 9)),
        id: Float64Array.from({ length: total }, (_, i) => (i % length) + 1000 * Math.floor(i / length)),
        load: Float64Array.from({ length: total }, () => random.normal()),
      },
    ),
    { keys: ["key"], time: "at", target: "y", frequency: "1h", knownFuture: ["id"], pastOnly: ["load"] },
  );
}

/** What a regressor is fitted on, one entry a fit. */
function watched() {
  const seen: { x: FeatureMatrix; y: Float64Array }[] = [];
  const fitted: FittedRegressor = {
    kind: "watched",
    featureNames: [],
    predict: (x) => new Float64Array(x.rows),
    save: () => new Uint8Array(0),
  };
  const regressor: Regressor = {
    kind: "watched",
    params: {},
    async fit(x, y) {
      seen.push({ x, y });
      return fitted;
    },
    load: () => fitted,
  };
  return { regressor, seen };
}

const cut = (whole: Panel, from: number, until: number): Panel => selectRows(whole, () => [from, until]);

describe("a direct strategy with lags nearer than the horizon", () => {
  it("counts them back from the cutoff, as a slow and obvious calculation does", async () => {
    const whole = randomPanel(1);
    for (const strategy of ["direct", "perStep"] as const) {
      const { regressor, seen } = watched();
      const fitted = await reduce(regressor, { ...near, strategy }).fit(whole, { horizon });
      expect(fitted.strategy).toBe(strategy);
      expect(seen.length).toBe(strategy === "direct" ? 1 : horizon);
      seen.forEach(({ x, y }, model) => {
        expect(x.rows).toBeGreaterThan(100);
        const column = (name: string) => x.columns.find((one) => one.name === name)?.values as Float64Array;
        const steps = new Set<number>();
        for (let row = 0; row < x.rows; row++) {
          const id = column("id")[row] as number;
          const [s, t] = [Math.floor(id / 1000), id % 1000];
          let cutoff = t - 1 - model;
          if (strategy === "direct") for (cutoff = rows - 1 - horizon; cutoff >= t; ) cutoff -= horizon;
          const at = (values: Float64Array, i: number) => values[s * rows + i] as number;
          const load = (whole.past[0] as { values: Float64Array }).values;
          const expected: Record<string, number> = {
            cutoff_lag_1: at(whole.y, cutoff),
            cutoff_lag_3: at(whole.y, cutoff - 2),
            lag_24: at(whole.y, t - 24),
            mean_4_cutoff_lag_2: [1, 2, 3, 4].reduce((sum, i) => sum + at(whole.y, cutoff - i), 0) / 4,
            max_3: Math.max(...[0, 1, 2].map((i) => at(whole.y, cutoff - i))),
            load_min_2_cutoff_lag_1: Math.min(at(load, cutoff), at(load, cutoff - 1)),
            load_cutoff_lag_2: at(load, cutoff - 1),
            id_lag_1: id - 1,
            id,
            ...(strategy === "direct" ? { step: t - cutoff } : {}),
          };
          steps.add(t - cutoff);
          expect(x.columns.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
          for (const [name, value] of Object.entries(expected))
            expect(column(name)[row], `${name} of row ${t}, cutoff ${cutoff}`).toBeCloseTo(value, 10);
          expect(y[row]).toBe(at(whole.y, t));
        }
        expect([...steps].sort()).toEqual(strategy === "direct" ? [1, 2, 3, 4, 5, 6] : [model + 1]);
      });
    }
  });

  it("knows nothing of what comes after the cutoff of a row", async () => {
    // One value may be looked at by no row: those it would be of have no target.
    let moved = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 35, max: rows - 1 }),
        fc.constantFrom("direct" as const, "perStep" as const),
        async (seed, changed, strategy) => {
          const fits = async (isSpoilt: boolean) => {
            const whole = randomPanel(seed);
            for (const values of isSpoilt
              ? [whole.y, (whole.past[0] as { values: Float64Array }).values]
              : [])
              values[changed] = 1000;
            const { regressor, seen } = watched();
            await reduce(regressor, { ...near, strategy }).fit(whole, { horizon });
            return seen;
          };
          const [clean, spoilt] = [await fits(false), await fits(true)];
          clean.forEach(({ x }, model) => {
            const ids = x.columns.find(({ name }) => name === "id")?.values as Float64Array;
            ids.forEach((t, row) => {
              let cutoff = t - 1 - model;
              if (strategy === "direct") for (cutoff = rows - 1 - horizon; cutoff >= t; ) cutoff -= horizon;
              x.columns.forEach(({ name, values }, c) => {
                if (values[row] === spoilt[model]?.x.columns[c]?.values[row]) return;
                moved++;
                expect(changed, `${name} of row ${t}, cutoff ${cutoff}`).toBeLessThanOrEqual(cutoff);
              });
            });
          });
        },
      ),
      { numRuns: 12 },
    );
    expect(moved).toBeGreaterThan(0);
  });

  it("predicts after an update what it would from the longer history, and restored the same", async () => {
    for (const strategy of ["direct", "perStep"] as const)
      for (const target of [{}, { differences: [1] }, { level: { width: 12 }, scale: "standard" as const }]) {
        const whole: Panel = randomPanel(5, rows + 20);
        const forecaster = reduce(ridge(), { ...near, ...target, strategy });
        const future = panelToColumns(cut(whole, rows + 9, rows + 9 + horizon));
        const fitted = await forecaster.fit(cut(whole, 0, rows), { horizon });
        const later = panelToColumns(cut(whole, rows, rows + 9));
        const expected = fitted.update(later).predict({ future });
        expect(forecaster.load(fitted.save()).update(later).predict({ future })).toEqual(expected);
        let step: typeof fitted | ReturnType<typeof forecaster.load> = fitted;
        for (let row = rows; row < rows + 9; row++)
          step = forecaster.load(step.update(panelToColumns(cut(whole, row, row + 1))).save());
        expect(step.predict({ future })).toEqual(expected);
        expect(expected.mean.every(Number.isFinite)).toBe(true);
      }
  });

  it("learns a step of its own where a recursion goes wrong: y(t) = y(t - 6) of noise, seen through near lags", async () => {
    const random = createRandom(3);
    const cycle = Array.from({ length: horizon }, () => random.uniform(1, 9));
    const y = Float64Array.from({ length: 120 }, (_, t) => cycle[t % horizon] as number);
    const history = panel(
      columnsFromArrays(
        { at: timestamp(), y: float64() },
        { at: BigInt64Array.from(y, (_, t) => 3_600_000_000n * BigInt(t)), y },
      ),
      { time: "at", target: "y", frequency: "1h" },
    );
    const fitted = await reduce(gbdt({ trees: 200, minLeafRows: 1 }), {
      lags: [1, 2],
      strategy: "perStep",
    }).fit(history, { horizon });
    expect(fitted.regressors.length).toBe(horizon);
    fitted.predict().mean.forEach((value, h) => {
      expect(value).toBeCloseTo(cycle[(120 + h) % horizon] as number, 1);
    });
  });

  it("leaves lags from the horizon on as they are, and refuses words that are no strategy", async () => {
    const whole: Panel = randomPanel(7, rows + horizon);
    const [history, future] = [cut(whole, 0, rows), panelToColumns(cut(whole, rows, rows + horizon))];
    const forced = await reduce(ridge(), { lags: [6, 24], strategy: "recursive" }).fit(history, { horizon });
    expect(forced.featureNames).toEqual(["lag_6", "lag_24", "id"]);
    expect(forced.predict({ future }).length).toBe(2 * horizon);
    const direct = await reduce(ridge(), { lags: [6, 24], strategy: "direct" }).fit(history, { horizon });
    expect(direct.featureNames).toEqual(["lag_6", "lag_24", "id", "step"]);
    expect(() => reduce(ridge(), { strategy: "recusive" as never })).toThrow(/strategy is one of/);
    await expect(
      reduce(ridge(), { covariateLags: { load: [0] }, strategy: "direct" }).fit(history, { horizon }),
    ).rejects.toThrow(/Lag 0 of "load" is not known/);
  });
});

describe("the fits of single steps", () => {
  it("are reported one by one, whatever the regressor reports", async () => {
    const reports: ProgressEvent[] = [];
    const fit = (regressor: Regressor, strategy: "direct" | "perStep") =>
      reduce(regressor, { ...near, strategy }).fit(randomPanel(4), {
        horizon,
        progress: (event) => reports.push(event),
      });
    await fit(gbdt({ trees: 3 }), "perStep");
    expect(reports).toEqual([1, 2, 3, 4, 5, 6].map((done) => ({ task: "fit reduce", done, total: horizon })));
    reports.length = 0;
    await fit(gbdt({ trees: 3 }), "direct");
    expect(new Set(reports.map(({ task }) => task))).toEqual(new Set(["gbdt"]));
  });

  it("hear a signal between them, also one that only the event loop can fire", async () => {
    for (const fire of [
      (stop: AbortController) => stop.abort("enough"),
      (stop: AbortController) => setImmediate(() => stop.abort("enough")),
    ]) {
      const stop = new AbortController();
      const { regressor, seen } = watched();
      const deaf: Regressor = {
        ...regressor,
        async fit(x, y) {
          if (seen.length === 1) fire(stop);
          return regressor.fit(x, y);
        },
      };
      const stopped = reduce(deaf, { ...near, strategy: "perStep" }).fit(randomPanel(5), {
        horizon,
        signal: stop.signal,
      });
      await expect(stopped).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
      expect(seen.length).toBe(2);
    }
  });
});
