import { createRandom, type FeatureMatrix, gbdt } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { errorOf } from "../../../../test/without-types.ts";
import { domainClassifier } from "./domain-classifier.ts";

const random = createRandom("domain-classifier");
/** Independent rows of two columns, of which the second may have a larger spread. */
const matrix = (rows: number, spread = 1): FeatureMatrix => ({
  rows,
  columns: [
    { name: "calm", kind: "numeric", values: Float64Array.from({ length: rows }, () => random.normal()) },
    {
      name: "wild",
      kind: "numeric",
      values: Float64Array.from({ length: rows }, () => spread * random.normal()),
    },
  ],
});
/** A slow autoregression: neighbouring rows are alike. */
const persistent = (rows: number): FeatureMatrix => {
  let state = random.normal();
  const values = Float64Array.from({ length: rows }, () => {
    state = 0.95 * state + Math.sqrt(1 - 0.95 ** 2) * random.normal();
    return state;
  });
  return { rows, columns: [{ name: "level", kind: "numeric", values }] };
};

describe("domainClassifier", () => {
  it("tells windows apart by the column that changed, and says which", async () => {
    const found = await domainClassifier(matrix(600), matrix(300, 3));
    expect(found.statistic).toBeGreaterThan(0.65);
    expect(found.pValue).toBeLessThan(1e-6);
    expect(found.folds).toHaveLength(5);
    expect(found.importance.map(({ column }) => column)).toEqual(["wild", "calm"]);
    expect(found.importance[0]?.loss).toBeGreaterThan(0.1);
    expect(Math.abs(found.importance[1]?.loss as number)).toBeLessThan(0.05);
  });

  it("finds nothing in windows that are alike, with few false alarms", async () => {
    let alarms = 0;
    for (let i = 0; i < 40; i++)
      if ((await domainClassifier(matrix(120), matrix(100))).pValue < 0.05) alarms++;
    // At 5 % more than 6 of 40 come once in a hundred times.
    expect(alarms).toBeLessThanOrEqual(6);
  });

  it("is not fooled by rows beside one another when whole blocks are regrouped", async () => {
    let alarms = 0;
    for (let i = 0; i < 12; i++) {
      const options = { permutations: 19, regressor: gbdt({ trees: 8, leaves: 7 }), blockRows: 40 } as const;
      const { pValue, method } = await domainClassifier(persistent(400), persistent(400), options);
      expect(method).toBe("permutation");
      if (pValue <= 0.05) alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(3);
  });

  it("gives the same for the same seed, and stops when it is told to", async () => {
    const [x, y] = [matrix(100), matrix(100, 2)];
    expect(await domainClassifier(x, y, { seed: 3 })).toEqual(await domainClassifier(x, y, { seed: 3 }));
    const error = await errorOf(() => domainClassifier(x, y, { signal: AbortSignal.abort() }));
    expect(error.code).toBe("ABORTED");
  });

  it("has AUC 0.5 and p-value 1 where columns say nothing", async () => {
    const constant: FeatureMatrix = {
      rows: 100,
      columns: [{ name: "x", kind: "numeric", values: new Float64Array(100).fill(3) }],
    };
    const { statistic, pValue } = await domainClassifier(constant, constant);
    expect([statistic, pValue]).toEqual([0.5, 1]);
  });
});
