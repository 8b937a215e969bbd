import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { codeSource, nullCodes } from "./null-codes.ts";

/** Two categories; the second begins with 1 in 20 chances and lasts exactly 9 steps. */
function lasting(length: number): Int32Array {
  const random = createRandom("lasting");
  let left = 0;
  return Int32Array.from({ length }, () => {
    if (left === 0 && random.uniform() < 0.05) left = 10;
    left = Math.max(0, left - 1);
    return left > 0 ? 1 : 0;
  });
}

function runsOf(codes: Int32Array, code: number): number[] {
  const runs: number[] = [];
  let run = 0;
  for (const value of codes) {
    if (value === code) run++;
    else if (run > 0) runs.push(run);
    if (value !== code) run = 0;
  }
  return runs;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

describe("codeSource", () => {
  it("keeps how long a category lasts, although blocks are shorter", () => {
    const drawn = codeSource({ first: 0, codes: lasting(2000) }, 1).draw(0, 5000, createRandom("runs"));
    expect(median(runsOf(drawn, 1))).toBe(9);
    const others = runsOf(drawn, 1).filter((run) => run % 9 !== 0);
    expect(others.length).toBeLessThan(0.35 * runsOf(drawn, 1).length);
  });

  it("keeps a time of the season at its time", () => {
    const codes = Int32Array.from({ length: 240 }, (_, slot) => ((slot + 5) % 24 < 6 ? 1 : 0));
    const drawn = codeSource({ first: 5, codes }, 24).draw(1000, 500, createRandom("season"));
    drawn.forEach((code, slot) => {
      expect(code).toBe((1000 + slot) % 24 < 6 ? 1 : 0);
    });
  });

  it("draws of categories that were there only, also where all are missing but one", () => {
    const codes = Int32Array.of(-1, 3, -1, -1, -1, -1);
    expect([...codeSource({ first: 0, codes }, 24).draw(7, 4, createRandom("one"))]).toEqual([3, 3, 3, 3]);
  });
});

describe("nullCodes", () => {
  const reference = { first: 3, codes: lasting(400) };
  const current = { first: 403, codes: Int32Array.of(0, -1, 0, 1, -1) };
  it("gives windows of the same place and length, missing where they are, and the same ones for a seed", () => {
    const draw = () => nullCodes(codeSource(reference, 24), reference, current, createRandom("draw"));
    const [before, now] = draw();
    expect([before.first, before.codes.length, now.first, now.codes.length]).toEqual([3, 400, 403, 5]);
    expect(Array.from(now.codes, (code) => code < 0)).toEqual([false, true, false, false, true]);
    expect(before.codes.includes(-1)).toBe(false);
    expect(draw()).toEqual([before, now]);
  });
});
