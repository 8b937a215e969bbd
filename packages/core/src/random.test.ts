import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "./random.ts";

describe("createRandom", () => {
  it("repeats its numbers for the same seed and differs for another", () => {
    const draw = (seed: number | string) => {
      const random = createRandom(seed);
      return Array.from({ length: 20 }, () => random.uniform());
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw("7")).toEqual(draw(7));
    expect(draw(8)).not.toEqual(draw(7));
    expect(draw("a")).not.toEqual(draw("b"));
    expect(draw("\u0100")).not.toEqual(draw("\u0001"));
  });

  it("gives the numbers it gave when it was released", () => {
    const random = createRandom(42);
    expect([
      random.integer(1000),
      random.integer(1000),
      random.integer(-5, 5),
      random.integer(2 ** 40),
    ]).toEqual([491, 102, 3, 1020599253584]);
  });

  it("is uniform: chi-square of 16 cells, mean and variance", () => {
    const random = createRandom("uniform");
    const n = 200_000;
    const cells = new Float64Array(16);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < n; i++) {
      const u = random.uniform();
      cells[Math.floor(u * 16)]! += 1;
      sum += u;
      squares += u * u;
    }
    const chi = cells.reduce((total, count) => total + (count - n / 16) ** 2 / (n / 16), 0);
    expect(chi).toBeLessThan(37.7); // 99.9 % quantile of chi-square with 15 degrees of freedom
    expect(sum / n).toBeCloseTo(0.5, 2);
    expect(squares / n - (sum / n) ** 2).toBeCloseTo(1 / 12, 2);
  });

  it("draws integers of a range evenly, also beyond 32 bits", () => {
    const random = createRandom("integers");
    const counts = new Float64Array(7);
    for (let i = 0; i < 70_000; i++) counts[random.integer(-3, 4) + 3]! += 1;
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(600);
    let above = 0;
    const wide = 3 * 2 ** 50;
    for (let i = 0; i < 30_000; i++) if (random.integer(wide) >= wide / 3) above++;
    expect(above / 30_000).toBeCloseTo(2 / 3, 1);
  });

  it("has normal moments", () => {
    const random = createRandom("normal");
    const n = 200_000;
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const z = (random.normal(3, 2) - 3) / 2;
      for (let k = 0; k < 4; k++) moments[k]! += z ** (k + 1) / n;
    }
    expect(Math.abs(moments[0]!)).toBeLessThan(0.01);
    expect(Math.abs(moments[1]! - 1)).toBeLessThan(0.015);
    expect(Math.abs(moments[2]!)).toBeLessThan(0.03);
    expect(Math.abs(moments[3]! - 3)).toBeLessThan(0.1);
  });

  it("shuffles to a permutation, every order being possible", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const shuffled = createRandom(seed).shuffle([...items]);
        expect(shuffled.toSorted((a, b) => a - b)).toEqual(items.toSorted((a, b) => a - b));
      }),
    );
    const random = createRandom("orders");
    const seen = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = random.shuffle(Uint8Array.of(0, 1, 2)).join("");
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it("forks streams that do not depend on what was drawn before", () => {
    const first = createRandom(1);
    const second = createRandom(1);
    second.uniform();
    expect(first.fork("trees").uniform()).toBe(second.fork("trees").uniform());
    expect(first.fork("trees").uniform()).not.toBe(first.fork("rows").uniform());
  });

  it("refuses seeds and ranges without meaning", () => {
    expect(() => createRandom(Number.NaN)).toThrow(RangeError);
    expect(() => createRandom(1).integer(0)).toThrow(RangeError);
    expect(() => createRandom(1).integer(5, 5)).toThrow(RangeError);
    expect(() => createRandom(1).integer(1.5)).toThrow(RangeError);
  });
});
