import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { intervalOf } from "../levels.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { naive } from "../models/naive.ts";
import { panel } from "../panel/build-panel.ts";
import { errorSeason } from "./error-season.ts";
import { withIntervals } from "./with-intervals.ts";

const [horizon, weeks, count] = [8, 3 * 52 + 8, 60];
const rough = { from: 40, to: 48 };
const isRough = (week: number) => week % 52 >= rough.from && week % 52 < rough.to;

/** Random walks that take steps of four times the size in the same weeks of each year. */
const walks = Array.from({ length: count }, (_, s) => {
  const random = createRandom(`walk ${s}`);
  let y = 0;
  return Array.from({ length: weeks + 52 }, (_, week) => {
    y += (isRough(week) ? 4 : 1) * random.normal();
    return y;
  });
});

function rowsOf(from: number, to: number, series = count) {
  const grid = parseFrequency("1w");
  const rows = walks
    .slice(0, series)
    .flatMap((walk, s) => walk.slice(from, to).map((y, i) => ({ key: `s${s + 10}`, y, cell: from + i })));
  return columnsFromArrays(
    { key: utf8(), at: timestamp(), y: float64() },
    {
      key: rows.map(({ key }) => key),
      at: BigInt64Array.from(rows, ({ cell }) => grid.instantAt(cell)),
      y: Float64Array.from(rows, ({ y }) => y),
    },
  );
}

const panelUpTo = (end: number, series = count, from = 0) =>
  panel(rowsOf(from, end, series), { keys: ["key"], time: "at", target: "y", frequency: "1w" });

describe("the season of errors", () => {
  it("is found in the weeks of the year that have it, about a mean of 1", () => {
    const factors = errorSeason(panelUpTo(weeks), { horizon, seasonLength: 1 }, false) as Float64Array;
    expect(factors.length).toBe(52);
    expect(factors.reduce((sum, factor) => sum + Math.log(factor), 0)).toBeCloseTo(0, 10);
    // A change that is within the horizon of a rough week has some of it.
    expect(factors[rough.to] as number).toBeGreaterThan(1.4);
    expect(factors[rough.from - 15] as number).toBeLessThan(0.9);
  });

  it("is none where it was in one year of three only", () => {
    const once = panelUpTo(weeks);
    const all = once.offsets[1] as number;
    const strange = { ...once, y: once.y.map((y, row) => (Math.floor((row % all) / 26) === 3 ? 50 * y : y)) };
    const settings = { horizon, seasonLength: 1 };
    const usual = errorSeason(once, settings, false) as Float64Array;
    const factors = errorSeason(strange, settings, false) as Float64Array;
    factors.forEach((factor, week) => {
      expect(Math.abs(Math.log(factor / (usual[week] as number)))).toBeLessThan(0.3);
    });
  });

  it("is not looked for where the horizon has all of it, where a season is not whole, or where series are few", () => {
    const seasonLength = 1;
    expect(errorSeason(panelUpTo(weeks), { horizon: 52, seasonLength }, false)).toBeNull();
    expect(errorSeason(panelUpTo(weeks, count, weeks - 55), { horizon, seasonLength }, false)).toBeNull();
    expect(errorSeason(panelUpTo(weeks, 19), { horizon, seasonLength }, false)).toBeNull();
  });

  it("makes intervals wide before weeks that no held-out row is from, and narrow again after them", async () => {
    const end = 2 * 52 + rough.from;
    const history = panelUpTo(end);
    const folds = [2, 1].map((back) => end - back * horizon);
    const steps = Array.from({ length: horizon }, (_, h) => h);
    const fitted = withIntervals(
      history,
      {
        seasonLengths: [],
        seasonsTooLong: [],
        referenceSeason: 1,
        folds: 2,
        judgedSeries: count,
        candidates: [],
        members: ["naive"],
        combine: "alone",
        score: 1,
        outliers: [],
      },
      [await naive().fit(history, { horizon })],
      {
        horizon,
        chosen: walks.map((_, s) => s),
        seasonLength: 1,
        lowest: null,
        isIntermittent: false,
        means: folds.map((from) =>
          Float64Array.from(walks.flatMap((walk) => steps.map(() => walk[from - 1] as number))),
        ),
        outcomes: folds.map((from) =>
          Float64Array.from(walks.flatMap((walk) => steps.map((h) => walk[from + h] as number))),
        ),
      },
    );
    const held = (of: typeof fitted, from: number) => {
      const { lower, upper } = intervalOf(of.predict({ levels: [80] }).quantiles, 80) as {
        lower: Float64Array;
        upper: Float64Array;
      };
      const outcomes = walks.flatMap((walk) => steps.map((h) => walk[from + h] as number));
      const within = outcomes.filter((y, i) => y >= (lower[i] as number) && y <= (upper[i] as number));
      const width = upper.reduce((sum, bound, i) => sum + bound - (lower[i] as number), 0) / upper.length;
      return { share: within.length / outcomes.length, width };
    };
    const before = held(fitted, end);
    const later = end + 3 * horizon;
    const after = fitted.update(rowsOf(end, later));
    const calm = held(after, later);
    expect(before.width).toBeGreaterThan(1.5 * calm.width);
    expect(calm.share).toBeGreaterThan(0.7);
    expect(calm.share).toBeLessThan(0.9);
    expect(loadForecaster(after.save()).predict({ levels: [80] })).toEqual(after.predict({ levels: [80] }));
  });
});
