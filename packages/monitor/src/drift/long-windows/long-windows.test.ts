import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { scaleTest } from "../battery/scale-test.ts";
import { shapeTest } from "../battery/shape-test.ts";
import { meanOf, spreadOf } from "../model/innovation-moments.ts";
import { positionOf } from "../model/profile.ts";
import { type Standardised, standardise } from "../model/standardised.ts";
import { wavesOf, withoutWaves } from "../model/waves.ts";
import { countComplete, lagEquations, presentRuns } from "./lag-products.ts";
import { lagCovariances } from "./lag-sums.ts";
import { fitByPosition, fitByRow } from "./location-sums.ts";
import { thinned } from "./long-windows.ts";

const random = createRandom("long-windows");
const noise = (length: number) => {
  let last = 0;
  return Float64Array.from({ length }, () => (last = 0.6 * last + random.normal()));
};

describe("thinned", () => {
  it("keeps values at their position of the season, from all of the series, without joining stretches", () => {
    const series = { first: 5, values: Float64Array.from({ length: 1_000_000 }, (_, i) => 5 + i) };
    const { first, values } = thinned(series, 168);
    expect(values.length).toBeLessThan(100_000);
    const wrong = values.findIndex((value, i) => value >= 0 && positionOf(value - first - i, 168) !== 0);
    expect(wrong).toBe(-1);
    expect(values.at(-1)).toBeGreaterThan(999_000);
    const joined = values.findIndex((value, i) => i > 0 && Math.abs(value - (values[i - 1] as number)) > 1);
    expect(joined).toBe(-1);
  });
  it("leaves shorter series alone", () => {
    const series = { first: 0, values: noise(60_000) };
    expect(thinned(series, 168)).toBe(series);
  });
});

describe("lagEquations", () => {
  it("has the sums over all slots with their lags, gaps or not", () => {
    const values = noise(500);
    for (const gap of [20, 24, 25, 300, 499]) values[gap] = Number.NaN;
    const order = 6;
    const runs = presentRuns(values);
    const found = lagEquations(values, runs, order);
    const rows = Array.from(values.keys()).filter(
      (slot) => slot >= order && !values.subarray(slot - order, slot + 1).some(Number.isNaN),
    );
    expect(countComplete(runs, order)).toBe(rows.length);
    const sum = (i: number, j: number) =>
      rows.reduce((all, slot) => all + (values[slot - i] as number) * (values[slot - j] as number), 0);
    expect(found.target).toBeCloseTo(sum(0, 0), 9);
    for (let i = 1; i <= order; i++) {
      expect(found.moments[i - 1]).toBeCloseTo(sum(0, i), 9);
      for (let j = 1; j <= order; j++) expect(found.gram[(i - 1) * order + j - 1]).toBeCloseTo(sum(i, j), 9);
    }
  });
});

describe("lagCovariances", () => {
  it("has the mean products within each run, of blocks, of what is left of them, and across their ends", () => {
    const values = noise(5000);
    for (const gap of [0, 900, 901, 2000, 4990]) values[gap] = Number.NaN;
    const runs = presentRuns(values);
    const found = lagCovariances(values, runs, 150)?.means;
    for (const lag of [0, 1, 75, 149, 150]) {
      let sum = 0;
      for (let at = 0; at < runs.length; at += 2)
        for (let slot = (runs[at] as number) + lag; slot < (runs[at + 1] as number); slot++)
          sum += (values[slot] as number) * (values[slot - lag] as number);
      expect(found?.[lag]).toBeCloseTo(sum / countComplete(runs, lag), 12);
    }
  });
  it("leaves lags that most runs are too short for to others", () => {
    const values = noise(400).map((value, i) => (i % 100 === 0 ? Number.NaN : value));
    expect(lagCovariances(values, presentRuns(values), 60)).toBeNull();
  });
});

describe("fitByPosition", () => {
  it("finds what regressing row by row finds", () => {
    const values = noise(2000);
    values[77] = Number.NaN;
    const window = {
      first: 7,
      values,
      lead: null,
      phi: Float64Array.of(0.5, 0.1),
      waves: wavesOf([6, 24]),
      variances: Float64Array.from({ length: 6 }, (_, i) => 1 + i / 8),
    };
    const [byRow, byPosition] = [fitByRow(window), fitByPosition(window, 24)];
    const coefficients = byPosition?.fit.coefficients as Float64Array;
    const waves = window.waves.map((wave, i) => ({ wave, coefficient: coefficients[i + 1] as number }));
    const taken = waves.filter(({ wave }) => wave.season === 6);
    withoutWaves(values, window.first, coefficients[0] as number, taken);
    for (const part of [
      (fit: typeof byRow) => fit?.fit.coefficients,
      (fit: typeof byRow) => fit?.meat,
      (fit: typeof byRow) => fit?.residuals(taken.map(({ wave }) => wave)),
    ]) {
      const [a, b] = [part(byRow) as Float64Array, part(byPosition) as Float64Array];
      expect(b.length).toBe(a.length);
      expect(a.every((value, i) => Math.abs(value - (b[i] as number)) < 1e-8 * (1 + Math.abs(value)))).toBe(
        true,
      );
    }
  });
});

describe("standardise", () => {
  it("makes bins of long samples that tests see as the values", () => {
    const draw = () => noise(60_000).map((value) => value ** 3 / 4 + value);
    const samples = [draw(), draw()];
    const long = samples.map((values) => standardise(values)) as [Standardised, Standardised];
    const each = samples.map((values): Standardised => {
      const mean = meanOf(values);
      const spread = spreadOf(values, mean);
      const points = values.map((value) => (value - mean) / spread);
      return { length: values.length, spread, points, deviations: null, counts: null, pointOf: null };
    }) as [Standardised, Standardised];
    expect(long[0].points.length).toBeLessThan(20_000);
    const [shape, exact] = [shapeTest(...long), shapeTest(...each)];
    expect(shape?.statistic).toBeCloseTo(exact?.statistic as number, 3);
    expect(shape?.effect).toBeCloseTo(exact?.effect as number, 3);
    expect(scaleTest(...long, 1).statistic).toBeCloseTo(scaleTest(...each, 1).statistic, 3);
  });
});
