import { describe, expect, it } from "vitest";
import { type FourLosses, leastRate } from "./least-rate.ts";

const grid = Float64Array.of(0.1, 1 / 6, 7 / 30, 0.3);
const of =
  (loss: (rate: number) => number): FourLosses =>
  (rates, losses) => {
    losses.set(rates.map(loss));
  };

describe("the least rate", () => {
  it.each([0.1234567, 0.2, 0.2999, 0.1001])("is found within the grid, at %s", (wanted) => {
    const valley = (rate: number) => Math.cosh(20 * (rate - wanted)) + 5 * (rate - wanted) ** 3;
    expect(Math.abs(leastRate(of(valley), grid) - wanted)).toBeLessThan(1e-6);
  });

  it("is a bound where losses fall towards it", () => {
    expect(
      leastRate(
        of((rate) => rate),
        grid,
      ),
    ).toBe(0.1);
    expect(
      leastRate(
        of((rate) => -rate),
        grid,
      ),
    ).toBe(0.3);
  });

  it("is the lowest where all are as good, and is found in 20 looks at most", () => {
    let looks = 0;
    const flat = of(() => {
      looks++;
      return 3;
    });
    expect(leastRate(flat, grid)).toBe(0.1);
    expect(looks).toBeLessThanOrEqual(20);
  });
});
