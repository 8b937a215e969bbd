import { describe, expect, it } from "vitest";
import { hourlyPanel } from "../../test/hourly-series.ts";
import { createRandom } from "../random.ts";
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

  it("does not ask for seasons of which there are not three", () => {
    expect(
      findSeasons(
        of(24 * 20, (t) => day(t) + weekend(t)),
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
