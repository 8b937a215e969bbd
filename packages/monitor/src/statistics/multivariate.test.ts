import { readFileSync } from "node:fs";
import type { FeatureMatrix, Regressor } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { domainClassifier } from "./domain-classifier.ts";
import { maximumMeanDiscrepancy } from "./maximum-mean-discrepancy.ts";
import { reconstruction } from "./reconstruction.ts";

interface Fixture {
  readonly reference: readonly number[][];
  readonly current: readonly number[][];
  readonly mmd: { readonly statistic: number; readonly pValue: number };
  readonly classifier: {
    readonly statistic: number;
    readonly folds: readonly number[];
    readonly pValue: number;
  };
  readonly reconstruction: {
    readonly statistic: number;
    readonly chunks: readonly number[];
    readonly bounds: readonly number[];
  };
}
const fixtures: readonly Fixture[] = JSON.parse(
  readFileSync(new URL("./__fixtures__/multivariate.json", import.meta.url), "utf8"),
);

function matrixOf(columns: readonly number[][]): FeatureMatrix {
  return {
    rows: (columns[0] as number[]).length,
    columns: columns.map((values, i) => ({
      name: `c${i}`,
      kind: "numeric",
      values: Float64Array.from(values),
    })),
  };
}

/** Weighted least squares by normal equations. */
const leastSquares = {
  fit(x: FeatureMatrix, y: Float64Array, { weights }: { weights: Float64Array }) {
    const width = x.columns.length + 1;
    const equations = Array.from({ length: width }, () => new Float64Array(width + 1));
    const at = (matrix: FeatureMatrix, row: number, i: number) =>
      i === 0 ? 1 : (matrix.columns[i - 1]?.values[row] as number);
    for (let row = 0; row < x.rows; row++)
      for (let i = 0; i < width; i++) {
        const equation = equations[i] as Float64Array;
        const weighted = (weights[row] as number) * at(x, row, i);
        for (let j = 0; j < width; j++) equation[j] = (equation[j] as number) + weighted * at(x, row, j);
        equation[width] = (equation[width] as number) + weighted * (y[row] as number);
      }
    for (let i = 0; i < width; i++)
      for (let k = 0; k < width; k++) {
        if (k === i) continue;
        const [one, other] = [equations[i], equations[k]] as [Float64Array, Float64Array];
        const factor = (other[i] as number) / (one[i] as number);
        for (let j = 0; j <= width; j++) other[j] = (other[j] as number) - factor * (one[j] as number);
      }
    const slopes = equations.map((equation, i) => (equation[width] as number) / (equation[i] as number));
    return {
      predict: (given: FeatureMatrix) =>
        Float64Array.from({ length: given.rows }, (_, row) =>
          slopes.reduce((sum, slope, i) => sum + slope * at(given, row, i), 0),
        ),
    };
  },
} as unknown as Regressor;

describe("several columns together, as numpy, scipy and scikit-learn have it", () => {
  it.each(fixtures)(
    "agrees on window %#",
    async ({ reference, current, mmd, classifier, reconstruction: pca }) => {
      const columns = (window: readonly number[][]) => window.map((values) => Float64Array.from(values));
      const found = maximumMeanDiscrepancy(columns(reference), columns(current), { permutations: 999 });
      expect(found.statistic).toBeCloseTo(mmd.statistic, 12);
      // Either p-value comes of 1,000 regroupings of its own.
      const error = Math.sqrt((mmd.pValue * (1 - mmd.pValue)) / 500);
      expect(Math.abs(found.pValue - mmd.pValue)).toBeLessThanOrEqual(4 * error);

      const [before, now] = [matrixOf(reference), matrixOf(current)];
      const told = await domainClassifier(before, now, { regressor: leastSquares });
      expect(told.statistic).toBeCloseTo(classifier.statistic, 12);
      expect(told.pValue).toBeCloseTo(classifier.pValue, 10);
      told.folds.forEach((auc, fold) => {
        expect(auc).toBeCloseTo(classifier.folds[fold] as number, 12);
      });

      const usual = await reconstruction(before, { components: 1 });
      expect(usual.error(now).statistic).toBeCloseTo(pca.statistic, 10);
      usual.chunks.forEach((chunk, i) => {
        expect(chunk).toBeCloseTo(pca.chunks[i] as number, 10);
      });
      expect(usual.bounds[0]).toBeCloseTo(pca.bounds[0] as number, 10);
      expect(usual.bounds[1]).toBeCloseTo(pca.bounds[1] as number, 10);
    },
  );
});
