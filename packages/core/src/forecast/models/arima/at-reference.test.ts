import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runFrom } from "../../../../test/run-from.ts";
import { normalQuantile } from "../../../stats/distributions.ts";
import { localParts } from "../../local/local-forecaster.ts";
import { arima, localFitOf } from "./arima.ts";
import { exactFilter } from "./exact-filter.ts";
import { type ArimaOrder, armaCount } from "./order.ts";
import { differenced, expand, polynomialsOf } from "./polynomials.ts";

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const series: { name: string; season: number; y: number[] }[] = read("../../local/__fixtures__/series.json");

interface Reference {
  readonly name: string;
  readonly order: [number, number, number];
  readonly seasonal: [number, number, number];
  readonly constant: boolean;
  readonly coefficients: number[];
  readonly likelihood: number;
  readonly sigma2: number;
  readonly mean: number[];
  readonly deviation: number[];
}
const kept = [1, 2, 5, 14];

const cases = (read("./__fixtures__/fixed.json") as Reference[]).map((reference) => {
  const { season, y } = series.find(({ name }) => name === reference.name) as { season: number; y: number[] };
  const [p, d, q] = reference.order;
  const [seasonalP, seasonalD, seasonalQ] = reference.seasonal;
  const order: ArimaOrder = {
    ...{ p, d, q, seasonalP, seasonalD, seasonalQ },
    seasonLength: season,
    hasConstant: reference.constant,
  };
  return { name: reference.name, form: `(${reference.order})(${reference.seasonal})`, reference, order, y };
});

/** What the likelihood is made of at given coefficients: squares of the standardised errors and the logarithms of their variances. */
function likelihoodAt(order: ArimaOrder, coefficients: Float64Array, constant: number, y: readonly number[]) {
  const isMean = order.d + order.seasonalD === 0;
  const w = differenced(
    order,
    Float64Array.from(y, (value, t) => value - constant * (isMean ? 1 : t + 1)),
  );
  const polynomials = polynomialsOf(order);
  expand(order, coefficients, polynomials);
  const errors = new Float64Array(w.length);
  const logs = exactFilter([w], Int32Array.of(0), [errors])(polynomials);
  const squares = errors.reduce((sum, error) => sum + error * error, 0);
  const rows = w.length;
  return {
    squares,
    rows,
    logLikelihood: -0.5 * (rows * Math.log(squares / rows) + logs + rows * (1 + Math.log(2 * Math.PI))),
  };
}

/**
 * Ours are kept invertible, and a recursion of residuals would blow up rounding errors otherwise: a moving average of one row is
 * given as its mirror image, which is the same process with greater innovations.
 */
function invertible({ p, q }: ArimaOrder, given: readonly number[]) {
  const coefficients = Float64Array.from(given);
  const ma = coefficients[p] as number;
  if (q !== 1 || Math.abs(ma) <= 1) return { coefficients, greater: 1 };
  coefficients[p] = 1 / ma;
  return { coefficients, greater: ma * ma };
}

describe("at statsforecast's own coefficients", () => {
  it.each(cases)("$form on $name is what its Kalman filter makes of them", ({ order, reference, y }) => {
    const count = armaCount(order);
    const { coefficients, greater } = invertible(order, reference.coefficients.slice(0, count));
    const constant = reference.coefficients[count] ?? 0;
    const { squares, rows, logLikelihood } = likelihoodAt(order, coefficients, constant, y);
    expect(Math.abs(logLikelihood - reference.likelihood)).toBeLessThan(1e-5);
    const variance = squares / (rows - reference.coefficients.length);
    expect(Math.abs(variance / greater / reference.sigma2 - 1)).toBeLessThan(1e-6);

    const { p, d, q, seasonalP, seasonalD, seasonalQ, seasonLength } = order;
    const seasonalOrder = [seasonalP, seasonalD, seasonalQ] as const;
    const model = localParts(arima({ order: [p, d, q], seasonalOrder, seasonLength }))?.model;
    if (model === undefined) throw new Error("arima is no local model.");
    const begin = localFitOf({
      ...{ order, coefficients, variance, logLikelihood },
      ...{ aicc: 0, free: coefficients, slopes: Float64Array.of(constant) },
    });
    const { mean, bounds } = runFrom(model, begin, y, 14, [0.1, 0.975]);
    kept.forEach((step, i) => {
      const [wanted, deviation] = [reference.mean[i] as number, reference.deviation[i] as number];
      const at = (values: Float64Array | undefined) => ((values?.[step - 1] as number) - wanted) / deviation;
      // The reference begins with a variance of a million where there are differences, ours without any knowledge.
      expect(Math.abs(at(mean))).toBeLessThan(1e-5);
      expect(Math.abs(at(bounds[0]) - normalQuantile(0.1))).toBeLessThan(1e-5);
      expect(Math.abs(at(bounds[1]) - normalQuantile(0.975))).toBeLessThan(1e-5);
    });
  });

  it("is compared for every order, those with differences and seasons too", () => {
    const counts = { plain: 0, differences: 0, seasons: 0, both: 0 };
    for (const { order } of cases) {
      const hasSeason = order.seasonalP + order.seasonalD + order.seasonalQ > 0;
      const hasDifferences = order.d + order.seasonalD > 0;
      counts[hasSeason ? (hasDifferences ? "both" : "seasons") : hasDifferences ? "differences" : "plain"]++;
    }
    expect(counts).toEqual({ plain: 98, differences: 104, seasons: 11, both: 36 });
  });
});
