import { describe, expect, it } from "vitest";
import { hourlyPanel } from "../../../test/hourly-series.ts";
import { createRandom } from "../../random.ts";
import { findSeasons } from "./find-seasons.ts";
import { seasonsOfFrequency } from "./season-length.ts";

const random = createRandom(11);
const day = (t: number) => 20 * Math.sin((Math.PI * t) / 12);
const weekend = (t: number) => -15 * Number(t % 168 >= 120);
const of = (rows: number, value: (t: number) => number, noise = 3) =>
  hourlyPanel(Array.from({ length: rows }, (_, t) => value(t) + random.normal(0, noise)));

describe("findSeasons", () => {
  it("finds those that the series go with, from the shortest on", () => {
    expect(
      findSeasons(
        of(24 * 35, (t) => day(t) + weekend(t)),
        [24, 168],
      ),
    ).toEqual([24, 168]);
    expect(
      findSeasons(
        of(24 * 35, (t) => day(t) + t),
        [24, 168],
      ),
    ).toEqual([24]);
    expect(
      findSeasons(
        of(24 * 35, (t) => t / 10),
        [24, 168],
      ),
    ).toEqual([]);
  });

  it("finds a smooth season of many steps beneath noise, however many of it there are", () => {
    for (const rows of [500, 1000, 1344])
      expect(
        findSeasons(
          of(rows, (t) => 20 * Math.sin((2 * Math.PI * t) / 96), 4),
          [96, 672],
        ),
      ).toEqual([96]);
  });

  it("finds them in any unit, also where the squares of its numbers are 0", () => {
    const y = Array.from(
      { length: 60 },
      (_, t) => 10 + 4 * Math.sin((Math.PI * t) / 6) + random.normal(0, 0.5),
    );
    for (const unit of [1, 1e-300, 1e140])
      expect([unit, findSeasons(hourlyPanel(y.map((value) => value * unit)), [12])]).toEqual([unit, [12]]);
  });

  it("does not ask for seasons of which there are not two", () => {
    expect(
      findSeasons(
        of(24 * 13, (t) => day(t) + weekend(t)),
        [24, 168],
      ),
    ).toEqual([24]);
  });

  it("finds them in the autocorrelations where nothing suggests any", () => {
    expect(findSeasons(of(24 * 35, day, 1), null)).toEqual([24]);
    expect(
      findSeasons(
        of(24 * 35, (t) => 10 * Number(t % 7 < 2), 1),
        null,
      )[0],
    ).toBe(7);
  });

  const monthly = (rows: number, value: (t: number) => number) =>
    hourlyPanel(Array.from({ length: rows }, (_, t) => value(t)));
  const sales = [-20, -15, -5, 0, 5, 10, 15, 20, 10, 5, -5, -20];

  it("finds a season of which there are only two and a half, and a smooth one of three", () => {
    expect(
      findSeasons(
        of(30, (t) => 200 + 2 * t + (sales[t % 12] as number), 5),
        [12],
      ),
    ).toEqual([12]);
    expect(
      findSeasons(
        of(180, (t) => 200 + t / 5 + 10 * Math.sin((Math.PI * t) / 26), 5),
        [52],
      ),
    ).toEqual([52]);
    expect(
      findSeasons(
        of(800, (t) => 10 * Math.sin((2 * Math.PI * t) / 365) + 8 * Number(t % 7 > 4), 4),
        [7, 365],
      ),
    ).toEqual([7, 365]);
  });

  it("finds none in a line, a level, or less than two seasons", () => {
    expect(
      findSeasons(
        monthly(30, () => 5),
        [12],
      ),
    ).toEqual([]);
    expect(
      findSeasons(
        monthly(30, (t) => 1e6 + 3.1 * t),
        [12],
      ),
    ).toEqual([]);
    expect(
      findSeasons(
        of(23, (t) => sales[t % 12] as number, 0.1),
        [12],
      ),
    ).toEqual([]);
  });

  it.each([
    ["a random walk", 1],
    ["noise that hangs together", 0.7],
    ["noise", 0],
  ])("finds one by chance in few series of %s", (_, autoregressive) => {
    let found = 0;
    for (let k = 0; k < 200; k++) {
      let level = 0;
      const wander = () => (level = autoregressive * level + random.normal());
      found += Number(findSeasons(monthly(30, wander), [12]).length > 0);
    }
    expect(found).toBeLessThan(20);
  });

  it("finds them by chance in a tenth of the series, which is not enough for a panel", () => {
    let found = 0;
    for (let k = 0; k < 200; k++)
      found += Number(
        findSeasons(
          of(300, () => 0),
          [24],
        ).length > 0,
      );
    expect(found).toBeLessThan(40);
  });
});

it("asks for the seasons that a frequency makes likely", () => {
  expect(seasonsOfFrequency("1h")).toEqual([24, 168]);
  expect(seasonsOfFrequency("30m")).toEqual([48, 336]);
  expect(seasonsOfFrequency("1d")).toEqual([7, 365]);
  expect(seasonsOfFrequency("1w")).toEqual([52]);
  expect(seasonsOfFrequency("1mo")).toEqual([12]);
  expect(seasonsOfFrequency("3mo")).toEqual([4]);
  expect(seasonsOfFrequency("5h")).toEqual([]);
});
