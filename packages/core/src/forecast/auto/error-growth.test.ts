import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { panel } from "../panel/build-panel.ts";
import { growWithLevel } from "./error-growth.ts";

type Random = ReturnType<typeof createRandom>;

function panelOf(count: number, values: (random: Random) => readonly number[]) {
  const day = 86_400_000_000n;
  const series = Array.from({ length: count }, (_, s) => values(createRandom(s + 1)));
  return panel(
    columnsFromArrays(
      { id: utf8(), at: timestamp(), y: float64() },
      {
        id: series.flatMap((y, s) => y.map(() => `s${String(s).padStart(3, "0")}`)),
        at: BigInt64Array.from(series.flatMap((y) => y.map((_, i) => day * BigInt(i)))),
        y: series.flat(),
      },
    ),
    { keys: ["id"], time: "at", target: "y", frequency: "1d" },
  );
}

const rows = Array.from({ length: 120 }, (_, i) => i);

describe("growWithLevel", () => {
  it("is so of noise in proportion to a level that grows", () => {
    const growing = (random: Random) => rows.map((i) => 20 * Math.exp(0.02 * i + 0.05 * random.normal()));
    expect(growWithLevel(panelOf(1, growing), 1)).toBe(true);
    expect(growWithLevel(panelOf(40, growing), 7)).toBe(true);
  });

  it("is not so of constant noise about a trend, of a curve, nor of a level that stays", () => {
    expect(
      growWithLevel(
        panelOf(40, (random) => rows.map((i) => 30 + i + 4 * random.normal())),
        7,
      ),
    ).toBe(false);
    expect(
      growWithLevel(
        panelOf(40, (random) => rows.map((i) => 30 + i * i + 4 * random.normal())),
        7,
      ),
    ).toBe(false);
    expect(
      growWithLevel(
        panelOf(40, (random) => rows.map(() => 30 * Math.exp(0.1 * random.normal()))),
        7,
      ),
    ).toBe(false);
  });

  it("does not take one broken reading for growth, nor in the last row", () => {
    for (const broken of [60, rows.length - 1])
      for (const value of [50, 200, 1e4, 1e6])
        expect(
          growWithLevel(
            panelOf(1, (random) => rows.map((i) => (i === broken ? value : 10 + random.normal()))),
            1,
          ),
        ).toBe(false);
  });

  it("is not so where a value is not positive", () => {
    expect(
      growWithLevel(
        panelOf(1, (random) => rows.map((i) => Math.exp(0.05 * i) * random.normal())),
        1,
      ),
    ).toBe(false);
  });
});
