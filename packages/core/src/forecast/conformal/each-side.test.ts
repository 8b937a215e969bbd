import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { historicAverage } from "../models/historic-average.ts";
import { panel } from "../panel/build-panel.ts";
import { conformal } from "./conformal.ts";
import { boundsOnEachSide } from "./scores.ts";

const day = 86_400_000_000n;

function panelOf(series: Readonly<Record<string, readonly number[]>>) {
  const rows = Object.entries(series).flatMap(([key, y]) =>
    y.map((value, t) => ({ key, value, at: day * BigInt(t) })),
  );
  return panel(
    columnsFromArrays(
      { key: utf8(), at: timestamp(), y: float64() },
      {
        key: rows.map(({ key }) => key),
        at: BigInt64Array.from(rows, ({ at }) => at),
        y: rows.map(({ value }) => value),
      },
    ),
    { keys: ["key"], time: "at", target: "y", frequency: "1d" },
  );
}

/** Series of draws, and fourteen more of each. */
function drawn(count: number, rows: number, draw: (random: ReturnType<typeof createRandom>) => number) {
  const all = Array.from({ length: count }, (_, s) => {
    const random = createRandom(`each side ${s}`);
    return Array.from({ length: rows + 14 }, () => draw(random));
  });
  return {
    history: panelOf(Object.fromEntries(all.map((y, s) => [`s${100 + s}`, y.slice(0, rows)]))),
    outcomes: all.flatMap((y) => y.slice(rows)),
  };
}

describe("bounds on each side", { timeout: 60_000 }, () => {
  it("are those of the ranks from both ends, by counting", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 99 }),
        (scores, percent) => {
          const sorted = Float64Array.from(scores).sort();
          const { below, above } = boundsOnEachSide(sorted, percent / 100);
          const most = Math.floor(((scores.length + 1) * (100 - percent)) / 200 + 1e-9);
          const beyond = { above: 0, below: 0 };
          for (const score of scores) {
            if (score > above) beyond.above++;
            if (-score > below) beyond.below++;
          }
          // With a new score, no more than its share of n + 1 may lie beyond; the largest is the bound where even that is too many.
          expect(beyond.above).toBeLessThanOrEqual(most);
          expect(beyond.below).toBeLessThanOrEqual(most);
          if (most >= 1) {
            expect(scores.filter((score) => score >= above).length).toBeGreaterThanOrEqual(most);
            expect(scores.filter((score) => -score >= below).length).toBeGreaterThanOrEqual(most);
          } else expect(above).toBe(sorted.at(-1));
        },
      ),
    );
  });

  it.each<[string, (random: ReturnType<typeof createRandom>) => number]>([
    ["skewed", (random) => Math.exp(3 + 0.8 * random.normal())],
    ["mostly zero", (random) => (random.uniform() < 0.15 ? 1 + random.integer(5) : 0)],
  ])("make quantiles of %s targets what their probability says", async (_, draw) => {
    const { history, outcomes } = drawn(60, 300, draw);
    const probabilities = [0.1, 0.5, 0.9, 0.975];
    const sharesOf = async (sides: "alike" | "each") => {
      const fitted = await conformal(historicAverage(), { folds: 16, lowest: 0, sides }).fit(history, {
        horizon: 14,
      });
      const { quantiles } = fitted.predict({ quantiles: probabilities });
      return quantiles.map(({ values }) => ({
        atOrBelow: outcomes.filter((y, row) => y <= (values[row] as number)).length / outcomes.length,
        below: outcomes.filter((y, row) => y < (values[row] as number)).length / outcomes.length,
      }));
    };
    // Three standard errors of 840 outcomes, and a tie of whole numbers counts for both sides.
    (await sharesOf("each")).forEach(({ atOrBelow, below }, q) => {
      const probability = probabilities[q] as number;
      const tolerance = 3 * Math.sqrt((probability * (1 - probability)) / outcomes.length) + 0.01;
      expect(atOrBelow).toBeGreaterThan(probability - tolerance);
      expect(below).toBeLessThan(probability + tolerance);
    });
    const [, median] = await sharesOf("alike");
    expect((median as { atOrBelow: number }).atOrBelow).toBeGreaterThan(0.6);
  });

  it("are saved, move with what comes, and hold each other", async () => {
    const { history } = drawn(3, 200, (random) => Math.exp(random.normal()));
    for (const by of ["series", "panel", "scaled"] as const)
      for (const adapt of ["aci", "pid"] as const) {
        const options = { folds: 8, by, adapt, sides: "each", adaptRate: 0.1 } as const;
        const fitted = await conformal(historicAverage(), options).fit(history, { horizon: 14 });
        const more = columnsFromArrays(
          { key: utf8(), at: timestamp(), y: float64() },
          {
            key: Array.from({ length: 28 }, () => "s100"),
            at: BigInt64Array.from({ length: 28 }, (_, t) => day * BigInt(200 + t)),
            y: Float64Array.from({ length: 28 }, (_, t) => 9 + t),
          },
        );
        const later = fitted.update(more);
        const asked = { levels: [50, 80, 95], quantiles: [0.5] };
        const { quantiles } = later.predict(asked);
        for (let q = 1; q < quantiles.length; q++)
          quantiles[q]?.values.forEach((value, row) => {
            expect(value).toBeGreaterThanOrEqual(quantiles[q - 1]?.values[row] as number);
          });
        expect(loadForecaster(fitted.save()).update(more).predict(asked)).toEqual(later.predict(asked));
        const [lower, upper] = [0, 6].map((q) => quantiles[q]?.values[0] as number);
        expect(upper).toBeGreaterThan(lower as number);
      }
  });

  it("need twice the scores, and say so", async () => {
    const { history } = drawn(1, 60, (random) => random.normal());
    await expect(
      conformal(historicAverage(), { folds: 2, sides: "each", levels: [95] }).fit(history, { horizon: 14 }),
    ).rejects.toThrow(/An interval of 95 % needs 39 scores; the calibration has 28/);
    expect(() => conformal(historicAverage(), { sides: "both" as never })).toThrow(
      /sides is one of alike, each, got the text "both"/,
    );
  });
});
