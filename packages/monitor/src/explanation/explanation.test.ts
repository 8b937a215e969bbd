import { readFileSync } from "node:fs";
import { createRandom, type FeatureMatrix, gbdt, knn } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { errorChanges } from "./change-points.ts";
import { explainErrorGrowth } from "./error-growth.ts";
import { fitReturn } from "./return-fit.ts";
import { fitStep } from "./step-fit.ts";

const hour = 3_600_000_000n;
const day = 24n * hour;
const windows = (maes: ArrayLike<number>) =>
  Array.from({ length: maes.length }, (_, i) => ({
    start: day * BigInt(i),
    mae: maes[i] as number,
    rmse: 1,
    mase: NaN,
    bias: -(maes[i] as number),
  }));

function levels(seed: string, length: number, phi: number, levelAt: (i: number) => number): Float64Array {
  const random = createRandom(seed);
  let noise = random.normal();
  return Float64Array.from({ length }, (_, i) => {
    noise = phi * noise + Math.sqrt(1 - phi * phi) * random.normal();
    return levelAt(i) * Math.exp(0.3 * noise);
  });
}

describe("fitStep", () => {
  interface Case {
    readonly name: string;
    readonly values: number[];
    readonly at: number;
  }
  const cases = JSON.parse(readFileSync(new URL("__fixtures__/steps.json", import.meta.url), "utf8")) as {
    readonly cases: Case[];
  };

  it.each(cases.cases)("finds the step that ruptures finds: $name", ({ values, at }) => {
    expect(fitStep(Float64Array.from(values)).at).toBe(at);
  });

  it("agrees with trying every place", () => {
    for (let run = 0; run < 20; run++) {
      const values = levels(`every ${run}`, 40, 0.3, (i) => (i < 5 + run ? 1 : 1.5));
      const cost = (part: Float64Array) => {
        const mean = part.reduce((a, b) => a + b, 0) / part.length;
        return part.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      };
      let best = { at: -1, cost: Infinity };
      for (let at = 3; at <= 37; at++) {
        const both = cost(values.subarray(0, at)) + cost(values.subarray(at));
        if (both < best.cost) best = { at, cost: both };
      }
      expect(fitStep(values).at).toBe(best.at);
    }
  });
});

describe("fitReturn", () => {
  it("agrees with trying every stretch", () => {
    for (let run = 0; run < 10; run++) {
      const values = levels(`stretch ${run}`, 30, 0.3, (i) => (i >= 8 && i < 14 + run ? 1.6 : 1));
      let best = { from: -1, to: -1, cost: Infinity };
      for (let from = 3; from <= 24; from++)
        for (let to = from + 3; to <= 27; to++) {
          const inside = values.subarray(from, to);
          const outside = Float64Array.from([...values.subarray(0, from), ...values.subarray(to)]);
          const cost = [inside, outside].reduce((sum, part) => {
            const mean = part.reduce((a, b) => a + b, 0) / part.length;
            return sum + part.reduce((total, value) => total + (value - mean) ** 2, 0);
          }, 0);
          if (cost < best.cost) best = { from, to, cost };
        }
      const { from, to } = fitReturn(values);
      expect([from, to]).toEqual([best.from, best.to]);
    }
  });

  it("stays quick on long series, with the ends near where they are", () => {
    const values = Float64Array.from(
      { length: 5000 },
      (_, i) => (i >= 1000 && i < 1800 ? 3 : 1) + (i % 2) / 10,
    );
    const { from, to, inside, outside } = fitReturn(values);
    expect(Math.abs(from - 1000)).toBeLessThanOrEqual(25);
    expect(Math.abs(to - 1800)).toBeLessThanOrEqual(25);
    expect(inside - outside).toBeCloseTo(2, 1);
    expect(fitReturn(new Float64Array(40).fill(2)).statistic).toBe(0);
  });
});

describe("errorChanges", () => {
  it("finds few changes where errors follow each other for long", () => {
    let alarms = 0;
    for (let run = 0; run < 100; run++)
      if (errorChanges(windows(levels(`lasting ${run}`, 60, 0.8, () => 10))).changes.length > 0) alarms++;
    // 5 % and two standard errors.
    expect(alarms).toBeLessThanOrEqual(9);
  });

  it("finds no change in errors that only follow each other, and says so", () => {
    let alarms = 0;
    for (let run = 0; run < 60; run++)
      if (errorChanges(windows(levels(`quiet ${run}`, 60, 0.5, () => 10))).changes.length > 0) alarms++;
    expect(alarms).toBeLessThanOrEqual(7); // of 60 at 5 %
    expect(errorChanges(windows(levels("quiet 0", 60, 0.5, () => 10))).sentence).toMatch(
      /no change of level beyond chance/,
    );
  });

  it("says since when, from what to what, and how sure it is of the day", () => {
    let held = 0;
    for (let run = 0; run < 20; run++) {
      const { changes } = errorChanges(windows(levels(`rise ${run}`, 90, 0.3, (i) => (i < 60 ? 10 : 20))));
      const last = changes.at(-1);
      if (last !== undefined && last.interval[0] <= 60n * day && last.interval[1] >= 60n * day) held++;
    }
    expect(held).toBeGreaterThanOrEqual(17);
    const { changes, sentence } = errorChanges(windows(levels("rise 0", 90, 0.3, (i) => (i < 60 ? 10 : 20))));
    expect(changes).toHaveLength(1);
    expect(changes[0]?.after).toBeGreaterThan(1.6 * (changes[0]?.before as number));
    expect(sentence).toMatch(/^The mae is .* since 1970-03-0/);
  });

  it("finds an error that rose and came back, with both days", () => {
    const risen = (run: number) =>
      errorChanges(windows(levels(`return ${run}`, 60, 0.3, (i) => (i >= 25 && i < 40 ? 22 : 10))));
    let found = 0;
    let held = 0;
    for (let run = 0; run < 20; run++) {
      const { changes } = risen(run);
      const [rise, back] = changes;
      if (rise === undefined || back === undefined || !back.isReturn || rise.isReturn) continue;
      found++;
      const holds = ({ interval: [from, to] }: typeof rise, day_: bigint) => from <= day_ && to >= day_;
      if (holds(rise, 25n * day) && holds(back, 40n * day)) held++;
    }
    expect(found).toBeGreaterThanOrEqual(13);
    expect(held).toBeGreaterThanOrEqual(found - 3);
    const { changes, sentence } = risen(0);
    expect(changes).toHaveLength(2);
    expect(changes[1]?.before).toBeGreaterThan(1.5 * (changes[1]?.after as number));
    expect(sentence).toMatch(/^The mae came back to .* on 1970-02-\d\d.* it was .* since 1970-01-2/);
  });

  it("does not take a step for a stretch that came back, and looks for steps alone where only one change is wanted", () => {
    for (let run = 0; run < 10; run++) {
      const step = errorChanges(windows(levels(`rise ${run}`, 90, 0.3, (i) => (i < 60 ? 10 : 20)))).changes;
      expect(step.filter(({ isReturn }) => isReturn).length, `run ${run}`).toBeLessThanOrEqual(1);
      const one = windows(levels(`one ${run}`, 60, 0, (i) => (i >= 25 && i < 40 ? 30 : 10)));
      expect(errorChanges(one, { most: 1 }).changes.every(({ isReturn }) => !isReturn)).toBe(true);
      expect(errorChanges(one, { most: 2 }).changes.map(({ isReturn }) => isReturn)).toEqual([false, true]);
    }
  });

  it("finds one rise after the other, in any order of the windows, whatever windows have no outcomes", () => {
    const maes = levels("stairs", 120, 0, (i) => (i < 40 ? 10 : i < 80 ? 20 : 60)).map((mae, i) =>
      i % 11 === 0 ? NaN : mae,
    );
    const found = errorChanges(windows(maes).reverse());
    expect(found.changes.map(({ since }) => Number(since / day))).toEqual([40, 80]);
    expect(found.windows).toBe(109);
    expect(errorChanges(windows(maes).reverse(), { most: 1 }).changes).toHaveLength(1);
    const bias = errorChanges(windows(maes), { metric: "bias" }).changes;
    expect(bias.map(({ since }) => Math.round(Number(since / day) / 4))).toEqual([10, 20]);
  });

  it("has a defined answer for few, equal and no windows, and for a step without noise", () => {
    expect(errorChanges([])).toMatchObject({ windows: 0, changes: [], pValue: NaN });
    expect(errorChanges(windows([1, 9, 1])).sentence).toMatch(/3 windows are too few/);
    expect(errorChanges(windows(new Array(30).fill(4)))).toMatchObject({ changes: [], pValue: 1 });
    expect(errorChanges(windows([...new Array(20).fill(4), ...new Array(20).fill(5)])).changes).toMatchObject(
      [{ since: 20n * day, before: 4, after: 5 }],
    );
    expect(errorChanges(windows(new Array(30).fill(1)), { metric: "mase" }).windows).toBe(0);
  });
});

/** Two stretches of hours; features by name and row, and the size of the error that follows from them. */
function served(
  rows: number,
  featureAt: (i: number, isCurrent: boolean) => Record<string, number | string>,
  errorOf: (features: Record<string, number | string>, i: number, isCurrent: boolean) => number,
): JoinedOutcomes {
  const length = 2 * rows;
  const features = Array.from({ length }, (_, i) => featureAt(i, i >= rows));
  return joinedOf({
    step: new Int32Array(length).fill(1),
    cutoff: BigInt64Array.from({ length }, (_, i) => hour * BigInt(i - 1)),
    time: BigInt64Array.from({ length }, (_, i) => hour * BigInt(i)),
    y: Float64Array.from(features, (values, i) => errorOf(values, i, i >= rows)),
    carried: Object.fromEntries(
      Object.keys(features[0] ?? {}).map((name) => [
        name,
        features.map((values) => values[name] as number | string),
      ]),
    ),
  });
}
const sides = (rows: number) => ({
  reference: { start: 0n, end: hour * BigInt(rows) },
  current: { start: hour * BigInt(rows), end: hour * BigInt(2 * rows) },
});
const column = (x: FeatureMatrix, i: number) => x.columns[i]?.values as Float64Array;

describe("explainErrorGrowth", () => {
  const random = createRandom("growth");

  it("gives each feature of an additive loss its own difference of means", async () => {
    const joined = served(
      200,
      (_, isCurrent) => ({
        a: random.normal(isCurrent ? 3 : 1, 0.1),
        b: random.normal(5, 0.1),
        c: random.normal(isCurrent ? 1 : 2, 0.1),
      }),
      () => 1,
    );
    const found = await explainErrorGrowth(joined, {
      ...sides(200),
      features: ["a", "b", "c"],
      predictLoss: (x) =>
        Float64Array.from(
          { length: x.rows },
          (_, i) =>
            2 * (column(x, 0)[i] as number) + (column(x, 1)[i] as number) + (column(x, 2)[i] as number),
        ),
    });
    const slopes: Record<string, number> = { a: 2, b: 1, c: 1 };
    for (const { feature, contribution, referenceMean, currentMean } of found.features)
      expect(contribution).toBeCloseTo((slopes[feature] as number) * (currentMean - referenceMean), 9);
    expect(found.features.map(({ feature }) => feature)).toEqual(["a", "b", "c"]);
    expect(found.growth).toBe(0);
    expect(found.unexplained).toBeCloseTo(-found.explained, 12);
  });

  it("divides an interaction as Shapley values over all pairs of rows do", async () => {
    const joined = served(
      60,
      (_, isCurrent) => ({ a: random.normal(isCurrent ? 4 : 1), b: random.normal(isCurrent ? 3 : 1) }),
      () => 1,
    );
    const product = (x: FeatureMatrix) => column(x, 0).map((value, i) => value * (column(x, 1)[i] as number));
    const found = await explainErrorGrowth(joined, {
      ...sides(60),
      features: ["a", "b"],
      predictLoss: product,
    });
    const [a, b] = [joined.carried["a"], joined.carried["b"]] as unknown as [number[], number[]];
    let [forA, forB] = [0, 0];
    for (let r = 0; r < 60; r++)
      for (let c = 60; c < 120; c++) {
        const [ra, rb, ca, cb] = [a[r], b[r], a[c], b[c]] as [number, number, number, number];
        forA += (ca * rb - ra * rb + (ca * cb - ra * cb)) / 2 / 3600;
        forB += (ra * cb - ra * rb + (ca * cb - ca * rb)) / 2 / 3600;
      }
    const of = (name: string) => found.features.find(({ feature }) => feature === name)?.contribution;
    expect(of("a")).toBeCloseTo(forA, 0);
    expect(of("b")).toBeCloseTo(forB, 0);
    expect(found.explained).toBeCloseTo(forA + forB, 9);
  });

  const wind = () =>
    served(
      600,
      (_, isCurrent) => ({
        wind: random.uniform(0, isCurrent ? 12 : 8),
        temp: random.normal(15, 5),
        site: random.uniform() < 0.5 ? "hill" : "sea",
      }),
      ({ wind, site }) => random.normal(0, 1 + (wind as number) * (site === "hill" ? 0.5 : 0.2)),
    );

  it.each(["exchange", "shap"] as const)(
    "finds the feature whose drift made errors larger (%s)",
    async (method) => {
      const found = await explainErrorGrowth(wind(), {
        ...sides(600),
        features: ["temp", "wind", "site", "step"],
        method,
      });
      expect(found.usable).toBe(true);
      expect(found.features[0]?.feature).toBe("wind");
      expect(found.features[0]?.interval[0]).toBeGreaterThan(0);
      expect(found.features[0]?.contribution).toBeGreaterThan(
        2 * Math.abs(found.features[1]?.contribution as number),
      );
      expect(found.explained).toBeCloseTo(
        found.features.reduce((sum, { contribution }) => sum + contribution, 0),
        12,
      );
      expect(found.sentence).toMatch(/changed features explain \d+ % of the growth: wind/);
    },
  );

  it("rarely claims a part for a feature that drifts and has nothing to do with the error", async () => {
    let claimed = 0;
    for (let run = 0; run < 8; run++) {
      const drawn = createRandom(`decoy ${run}`);
      const joined = served(
        600,
        (_, isCurrent) => ({
          wind: drawn.uniform(0, isCurrent ? 12 : 8),
          decoy: drawn.normal(isCurrent ? 18 : 12, 5),
        }),
        ({ wind }) => drawn.normal(0, 1 + 0.5 * (wind as number)),
      );
      const { features } = await explainErrorGrowth(joined, { ...sides(600), features: ["wind", "decoy"] });
      const [lower, upper] = features.find(({ feature }) => feature === "decoy")?.interval ?? [1, 1];
      if (lower > 0 || upper < 0) claimed++;
      expect(features[0]?.feature, `run ${run}`).toBe("wind");
    }
    // At 95 % one of eight may be missed.
    expect(claimed).toBeLessThanOrEqual(1);
  });

  it("takes the columns of the key as features: which series there are may have changed", async () => {
    const drawn = createRandom("keys");
    const joined = served(
      300,
      (_, isCurrent) => ({ site: drawn.uniform() < (isCurrent ? 0.9 : 0.2) ? "hill" : "sea" }),
      ({ site }) => drawn.normal(0, site === "hill" ? 5 : 1),
    );
    const sites = joined.carried["site"] as unknown as readonly string[];
    const keyed = {
      ...joined,
      series: [{ site: "hill" }, { site: "sea" }],
      seriesIndex: Int32Array.from(sites, (site) => (site === "hill" ? 0 : 1)),
      carried: {},
    };
    const { features, growth } = await explainErrorGrowth(keyed, { ...sides(300), features: ["site"] });
    expect(features).toMatchObject([{ feature: "site", referenceMean: NaN }]);
    expect(features[0]?.interval[0]).toBeGreaterThan(0);
    expect(features[0]?.contribution).toBeGreaterThan(0.5 * growth);
  });

  it("says that features do not explain errors that grew for another reason", async () => {
    const joined = served(
      400,
      () => ({ wind: random.uniform(0, 8), temp: random.normal(15, 5) }),
      ({ wind }, _, isCurrent) => random.normal(0, (1 + (wind as number)) * (isCurrent ? 2 : 1)),
    );
    const found = await explainErrorGrowth(joined, { ...sides(400), features: ["wind", "temp"] });
    expect(Math.abs(found.explained)).toBeLessThan(0.2 * found.growth);
    const noise = served(
      400,
      (_, isCurrent) => ({ x: random.normal(isCurrent ? 2 : 0) }),
      (_, __, isCurrent) => random.normal(0, isCurrent ? 2 : 1),
    );
    const none = await explainErrorGrowth(noise, {
      ...sides(400),
      features: ["x"],
      regressor: gbdt({ trees: 50, seed: 1 }),
    });
    expect(none.usable).toBe(false);
    expect(none.sentence).toMatch(/tell nothing of how large errors are/);
  });

  it("takes any regressor, and refuses what it cannot do", async () => {
    const joined = wind();
    const options = { ...sides(600), features: ["wind", "temp"] };
    expect(
      (await explainErrorGrowth(joined, { ...options, regressor: knn({ neighbours: 30 }) })).features[0]
        ?.feature,
    ).toBe("wind");
    await expect(
      explainErrorGrowth(joined, { ...options, regressor: knn({ neighbours: 30 }), method: "shap" }),
    ).rejects.toThrow(/needs a regressor/);
    await expect(explainErrorGrowth(joined, { ...options, features: ["rain"] })).rejects.toThrow(
      /"rain" is not beside the joined rows/,
    );
    await expect(explainErrorGrowth(joined, { ...options, features: [] })).rejects.toThrow(/No features/);
    await expect(
      explainErrorGrowth(joined, { ...options, current: { start: 0n, end: hour * 5n } }),
    ).rejects.toThrow(/current has 5 rows/);
    await expect(explainErrorGrowth(joined, { ...options, current: { start: 5n, end: 0n } })).rejects.toThrow(
      /no stretch of time/,
    );
  });
});
