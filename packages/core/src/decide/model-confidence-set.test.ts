import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import { createRandom } from "../random.ts";
import { automaticBlockLength } from "./block-length.ts";
import { eliminate, modelConfidenceSet } from "./model-confidence-set.ts";

const fixture = JSON.parse(
  readFileSync(new URL("__fixtures__/model-confidence-set.json", import.meta.url), "utf8"),
) as {
  readonly sets: readonly {
    readonly losses: readonly (readonly number[])[];
    readonly statistic: "range" | "max";
    readonly rows: readonly (readonly number[])[];
    readonly pValues: readonly number[];
  }[];
  readonly lengths: readonly { readonly values: readonly number[]; readonly circular: number }[];
};

const normals = (seed: string, n: number, mean = 0): Float64Array => {
  const random = createRandom(seed);
  return Float64Array.from({ length: n }, () => random.normal(mean));
};

describe("modelConfidenceSet", () => {
  it("gives the p-values of Python's arch on the same resamples", () => {
    expect(fixture.sets).toHaveLength(6);
    for (const { losses, statistic, rows, pValues } of fixture.sets) {
      const models = losses.map((values) => ({
        losses: Float64Array.from(values),
        mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      }));
      const found = eliminate(
        models,
        rows.map((drawn) => Int32Array.from(drawn)),
        statistic,
      );
      pValues.forEach((pValue, i) => {
        expect(found[i]).toBeCloseTo(pValue, 12);
      });
    }
  });

  it("chooses the block length that arch chooses, at least 1", () => {
    for (const { values, circular } of fixture.lengths)
      expect(automaticBlockLength(Float64Array.from(values))).toBeCloseTo(Math.max(1, circular), 8);
    expect(automaticBlockLength(new Float64Array(20).fill(3))).toBe(1);
    expect(automaticBlockLength(Float64Array.of(1, 2, 4))).toBeGreaterThanOrEqual(1);
  });

  it("keeps what cannot be told apart, leaves out what is worse, and says so by ascending loss", () => {
    const set = modelConfidenceSet({
      bad: normals("bad", 80, 2),
      one: normals("one", 80),
      other: normals("other", 80),
    });
    expect([...set.included].sort()).toEqual(["one", "other"]);
    expect(set.models.map(({ name }) => name).at(-1)).toBe("bad");
    expect(set.models.at(-1)).toMatchObject({ included: false, pValue: 0 });
    expect(set.models[0]?.pValue).toBe(1);
  });

  it("is the same for the same seed, and whatever the statistic never empty", () => {
    const losses = { a: normals("a", 30), b: normals("b", 30, 0.4) };
    for (const statistic of ["range", "max"] as const) {
      const set = modelConfidenceSet(losses, { statistic, seed: 4, resamples: 200 });
      expect(modelConfidenceSet(losses, { statistic, seed: 4, resamples: 200 })).toEqual(set);
      expect(set.included.length).toBeGreaterThan(0);
    }
  });

  it("keeps copies together, and is certain of a constant difference", () => {
    const losses = normals("same", 40);
    const worse = losses.map((loss) => loss + 1);
    const set = modelConfidenceSet({ first: losses, copy: Float64Array.from(losses), worse });
    expect([...set.included].sort()).toEqual(["copy", "first"]);
    const flat = new Float64Array(5).fill(2);
    expect(modelConfidenceSet({ a: flat, b: flat }, { statistic: "max" }).included).toHaveLength(2);
  });

  it("refuses what it cannot judge", async () => {
    const good = normals("good", 10);
    const messageOf = async (losses: unknown, options = {}) =>
      (await errorOf(() => modelConfidenceSet(untyped(losses), options))).message;
    expect(await messageOf({ good })).toContain("at least 2 models, got 1");
    expect(await messageOf([good, good])).toContain("takes losses by name");
    expect(await messageOf({ good, short: good.slice(1) })).toContain("short has 9 losses and good has 10");
    expect(await messageOf({ good, bad: good.map((v, i) => (i === 4 ? Number.NaN : v)) })).toContain(
      "Loss 4 of bad is NaN",
    );
    expect(await messageOf({ a: good.slice(0, 2), b: good.slice(0, 2) })).toContain("at least 3 losses");
    expect(await messageOf({ good, other: good }, { alpha: 1 })).toContain("alpha");
    expect(await messageOf({ good, other: good }, { blockLength: 11 })).toContain("from 1 to 10");
    expect(await messageOf({ good, other: good }, { resamples: 5 })).toContain("at least 100");
    expect(await messageOf({ good, other: good }, { statistic: "mean" })).toContain("range, max");
  });
});
