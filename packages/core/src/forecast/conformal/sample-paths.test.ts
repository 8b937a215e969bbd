import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../../test/without-types.ts";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import type { Forecaster } from "../forecaster.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { historicAverage } from "../models/historic-average.ts";
import { naive } from "../models/naive.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { panel } from "../panel/build-panel.ts";
import { panelToColumns } from "../panel/panel-slices.ts";
import type { Draws } from "../sample-paths.ts";
import { conformal } from "./conformal.ts";
import type { FittedConformal } from "./fitted.ts";

const hour = 3_600_000_000n;

function panelOf(values: Readonly<Record<string, readonly (number | null)[]>>, from = 0) {
  const rows = Object.entries(values).flatMap(([key, y]) =>
    y.map((value, i) => ({ key, value, at: hour * BigInt(from + i) })),
  );
  return panel(
    columnsFromArrays(
      { key: utf8(), at: timestamp(), y: nullable(float64()) },
      {
        key: rows.map(({ key }) => key),
        at: BigInt64Array.from(rows, ({ at }) => at),
        y: rows.map(({ value }) => value),
      },
    ),
    { keys: ["key"], time: "at", target: "y", frequency: "1h" },
  );
}

/** A season of 4 plus an autoregression, or a random walk where `persistence` is 1. */
function simulated(seed: string, length: number, persistence: number, season = 0): number[] {
  const random = createRandom(seed);
  let state = persistence < 1 ? random.normal(0, 1 / Math.sqrt(1 - persistence ** 2)) : 0;
  return Array.from({ length }, (_, t) => {
    state = persistence * state + random.normal();
    return 10 + state + season * Math.sin((2 * Math.PI * t) / 4);
  });
}

/** How often the intervals of sums over 8 steps held, over many simulated series. */
async function coverageOfSums(
  forecaster: Forecaster,
  simulate: (seed: string) => number[],
  folds: number,
  options: Parameters<FittedConformal["samplePaths"]>[0] = {},
) {
  const horizon = 8;
  const count = 400;
  const all = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`s${1000 + i}`, simulate(`path ${i}`)]),
  );
  const history = panelOf(
    Object.fromEntries(Object.entries(all).map(([key, y]) => [key, y.slice(0, -horizon)])),
  );
  const fitted = await conformal(forecaster, { folds }).fit(history, { horizon });
  const paths = await (fitted as FittedConformal).samplePaths({ paths: 400, ...options });
  const held = { joint: [0, 0], apart: [0, 0] };
  const sums = paths.sums("steps");
  const random = createRandom("apart");
  Object.values(all).forEach((y, s) => {
    const outcome = y.slice(-horizon).reduce((sum, value) => sum + value, 0);
    // The same draws with every step from a path of its own.
    const apart = Float64Array.from({ length: 400 }, () => {
      let sum = 0;
      for (let h = 0; h < horizon; h++)
        sum += paths.values[(s * 400 + random.integer(400)) * horizon + h] as number;
      return sum;
    }).sort();
    [80, 95].forEach((level, l) => {
      const [low, high] = (sums[s] as Draws).interval(level);
      if (outcome >= low && outcome <= high) held.joint[l] = (held.joint[l] as number) + 1 / count;
      const tail = (100 - level) / 200;
      if (
        outcome >= (apart[Math.floor(400 * tail)] as number) &&
        outcome <= (apart[Math.ceil(400 * (1 - tail)) - 1] as number)
      )
        held.apart[l] = (held.apart[l] as number) + 1 / count;
    });
  });
  return held;
}

describe("sums over the horizon are covered as promised, with 400 simulated series,", {
  timeout: 60_000,
}, () => {
  it.each([
    [
      "an autoregression and its average",
      12,
      () => historicAverage(),
      (seed: string) => simulated(seed, 168, 0.8),
    ],
    ["a random walk and its last value", 12, () => naive(), (seed: string) => simulated(seed, 168, 1)],
    [
      "a seasonal series and the last season",
      15,
      () => seasonalNaive({ seasonLength: 4 }),
      (seed: string) => simulated(seed, 168, 0.5, 5),
    ],
  ])("of %s", async (_, folds, make, simulate) => {
    const { joint, apart } = await coverageOfSums(make(), simulate, folds);
    // Three standard errors of 400 series are 6 points at 80 % and 3.3 at 95 %.
    expect(Math.abs((joint[0] as number) - 0.8)).toBeLessThan(0.06);
    expect(Math.abs((joint[1] as number) - 0.95)).toBeLessThan(0.033);
    // Steps drawn apart from each other do not know that errors last.
    expect(apart[0]).toBeLessThan(0.65);
  });

  it("by whole trajectories too, where there are many", async () => {
    const { joint } = await coverageOfSums(naive(), (seed) => simulated(seed, 900, 1), 100, {
      draw: "bootstrap",
    });
    expect(Math.abs((joint[0] as number) - 0.8)).toBeLessThan(0.06);
    expect(Math.abs((joint[1] as number) - 0.95)).toBeLessThan(0.04);
  });
});

describe("samplePaths", () => {
  const a = simulated("a", 200, 1);
  const b = simulated("b", 200, 1);
  const opposite = a.map((value) => 50 - value);
  const fit = async (values: Parameters<typeof panelOf>[0], options: Parameters<typeof conformal>[1] = {}) =>
    (await conformal(naive(), { folds: 20, ...options }).fit(panelOf(values), {
      horizon: 4,
    })) as FittedConformal;

  it("lets series err together as they did", async () => {
    const fitted = await fit({ a, opposite });
    for (const draw of ["mixture", "bootstrap"] as const) {
      const paths = await fitted.samplePaths({ draw });
      const [each] = paths.sums("steps");
      const [low, high] = (each as Draws).interval(95);
      expect(high - low).toBeGreaterThan(5);
      for (const sum of paths.sums("series")) {
        const [lowest, highest] = sum.interval(95);
        expect(highest - lowest).toBeLessThan(1e-9);
        expect(sum.mean).toBeCloseTo(50, 9);
      }
    }
    expect((await fitted.samplePaths()).sums("all").length).toBe(1);
  });

  it("is wide as the past errors were", async () => {
    const fitted = await fit({ a });
    const errors: number[][] = [];
    for (let fold = 0; fold < 20; fold++) {
      const cutoff = 200 - (20 - fold) * 4;
      errors.push([0, 1, 2, 3].map((h) => (a[cutoff + h] as number) - (a[cutoff - 1] as number)));
    }
    const paths = await fitted.samplePaths({ paths: 20_000, seed: 3 });
    const variance = (values: Float64Array) =>
      values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    const centred = (paths.sums("steps")[0] as Draws).values.map((value) => value - 4 * (a[199] as number));
    const expected =
      errors.reduce((sum, row) => sum + row.reduce((one, value) => one + value, 0) ** 2, 0) / 20;
    // Student's t with 20 degrees has 20/18 of the normal's variance.
    expect(variance(centred) / (expected * (20 / 18))).toBeCloseTo(1, 1);
    const whole = await fitted.samplePaths({ paths: 200, draw: "bootstrap" });
    for (let p = 0; p < 200; p++) {
      const path = [...whole.values.subarray(p * 4, p * 4 + 4)].map((value) => value - (a[199] as number));
      const isPast = errors.some((row) =>
        row.every((value, h) => Math.abs(value - (path[h] as number)) < 1e-9),
      );
      expect(isPast).toBe(true);
    }
  });

  it("depends on the seed, and for a series not on which others are asked for", async () => {
    const fitted = await fit({ a, b });
    const whole = await fitted.samplePaths({ paths: 50, seed: "x" });
    expect((await fitted.samplePaths({ paths: 50, seed: "x" })).values).toEqual(whole.values);
    expect((await fitted.samplePaths({ paths: 50, seed: "y" })).values).not.toEqual(whole.values);
    const alone = await fitted.samplePaths({ paths: 50, seed: "x", keys: [{ key: "b" }] });
    expect([...alone.values]).toEqual([...whole.values.subarray(50 * 4)]);
    expect(alone.series).toEqual([{ key: "b" }]);
    const short = await fitted.samplePaths({ paths: 50, seed: "x", horizon: 2 });
    expect([...short.values.subarray(0, 2)]).toEqual([...whole.values.subarray(0, 2)]);
    expect(
      (await (loadForecaster(fitted.save()) as FittedConformal).samplePaths({ paths: 50, seed: "x" })).values,
    ).toEqual(whole.values);
  });

  it("learns from outcomes as they come, takes missing ones for unknown, and keeps to the range", async () => {
    const fitted = await fit({ a });
    const jumpy = Array.from({ length: 40 }, (_, i) => (a[199] as number) + (i % 2 === 0 ? 30 : -30));
    const later = fitted.update(panelToColumns(panelOf({ a: jumpy }, 200)));
    const width = async (one: FittedConformal) => {
      const [low, high] = ((await one.samplePaths()).sums("all")[0] as Draws).interval(80);
      return high - low;
    };
    expect(await width(later)).toBeGreaterThan(2 * (await width(fitted)));
    const holes = await fit({ a: a.map((value, t) => (t > 120 && t % 5 === 0 ? null : value)) });
    expect((await holes.samplePaths()).values.every(Number.isFinite)).toBe(true);
    const ratio = (await width(holes)) / (await width(fitted));
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.6);
    const never = await fit({ a: a.map((value, t) => (t >= 120 && t % 4 === 0 ? null : value)) });
    expect((await errorOf(() => never.samplePaths({ draw: "bootstrap" }))).message).toMatch(
      /None of the 20 origins has all its outcomes/,
    );
    const least = Math.max(...a.slice(-1)) - 1;
    const bounded = await fit({ a }, { lowest: least });
    expect(Math.min(...(await bounded.samplePaths()).values)).toBe(least);
  });

  it("refuses what it cannot draw", async () => {
    const fitted = await fit({ a });
    const of = async (options: unknown) =>
      (await errorOf(() => fitted.samplePaths(untyped(options)))).message;
    expect(await of({ path: 5 })).toMatch(/has no option "path"/);
    expect(await of({ levels: [80] })).toMatch(/has no option "levels"/);
    expect(await of({ paths: 0 })).toMatch(/paths must be a whole number/);
    expect(await of({ draw: "normal" })).toMatch(/draw is one of mixture, bootstrap/);
    expect(await of({ seed: Number.NaN })).toMatch(/A seed is/);
    expect(await of({ horizon: 9 })).toMatch(/A horizon of 9 steps was asked for/);
    const sum = (await fitted.samplePaths()).sums("all")[0] as Draws;
    expect((await errorOf(() => sum.quantile(2))).message).toMatch(/between 0 and 1, got 2/);
    expect((await errorOf(async () => (await fitted.samplePaths()).sums(untyped("time")))).message).toMatch(
      /over is one of steps, series, all/,
    );
    expect(sum.quantile(0)).toBe(Math.min(...sum.values));
  });
});
