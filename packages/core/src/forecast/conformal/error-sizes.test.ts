import { describe, expect, it } from "vitest";
import { emptyCalibration } from "./calibration.ts";
import { inOwnSizes, sizesOf } from "./error-sizes.ts";
import { resolveConformalOptions } from "./options.ts";

const { NaN: none } = Number;

describe("the size of a series' scores", () => {
  const options = resolveConformalOptions({ by: "scaled" });
  const calibration = {
    ...emptyCalibration(options, 4, 2),
    scores: [
      Float64Array.of(1, -3, 4, 8),
      Float64Array.of(2, none),
      new Float64Array(4),
      new Float64Array(0),
    ],
  };

  it("is their mean where nothing is typical", () => {
    expect([...sizesOf(calibration, options)]).toEqual([4, 2, 0, none]);
  });

  it("is the geometric mean with the typical one, which counts as half an origin", () => {
    const typicalSizes = Float64Array.of(1, 32, 1, 7);
    const sizes = sizesOf({ ...calibration, typicalSizes }, options);
    // Two origins against half of one; half of one against as much; what was always exact stays so; nothing but what is typical.
    expect(sizes[0]).toBeCloseTo(4 ** (2 / 2.5), 12);
    expect(sizes[1]).toBeCloseTo(Math.sqrt(2 * 32), 12);
    expect([sizes[2], sizes[3]]).toEqual([0, 7]);
  });

  it("leaves an origin out of the size that its own scores are in", () => {
    expect([...inOwnSizes(Float64Array.of(1, -3, 4, 8), 2)]).toEqual([1 / 6, -0.5, 2, 4]);
    const size = 6 ** (1 / 1.5) * 2 ** (0.5 / 1.5);
    expect(inOwnSizes(Float64Array.of(1, -3, 4, 8), 2, 2)[1]).toBeCloseTo(-3 / size, 12);
  });

  it("is unknown from one origin alone, whatever is typical", () => {
    expect([...inOwnSizes(Float64Array.of(1, 2), 2, 5)]).toEqual([none, none]);
  });
});
