import { describe, expect, it } from "vitest";
import { type Calibration, emptyCalibration, quantilesAround, withOrigin } from "./calibration.ts";
import { resolveConformalOptions } from "./options.ts";

const options = resolveConformalOptions({ levels: [80, 95], folds: 100, neighbours: 0, adaptRate: 0.1 });
/** One series, one step, scores 1 to 99. */
const calibration: Calibration = {
  ...emptyCalibration(options, 1, 1),
  origins: Array.from({ length: 99 }, (_, i) => Float64Array.of(i + 1)),
};
const upper = (state: Calibration, levels: readonly number[]) => {
  const quantiles = quantilesAround({
    calibration: state,
    options,
    chosen: [0],
    mean: Float64Array.of(0),
    steps: 1,
    levels,
  });
  return quantiles.slice(levels.length).map(({ values }) => values[0]);
};

describe("a calibration", () => {
  it("bounds levels by the rank of their miss rate", () => {
    expect(upper(calibration, [80, 95])).toEqual([80, 95]);
    expect(upper(calibration, [50])).toEqual([50]);
  });

  it("moves miss rates by the rate times what was missed too little or too much", () => {
    const missed = withOrigin(calibration, Float64Array.of(90), options);
    expect(missed.missRates[0]).toBeCloseTo(0.2 + 0.1 * (0.2 - 1), 12);
    expect(missed.missRates[1]).toBeCloseTo(0.05 + 0.1 * 0.05, 12);
    expect(withOrigin(calibration, Float64Array.of(Number.NaN), options).missRates).toEqual(
      calibration.missRates,
    );
  });

  it("keeps miss rates away from 0 and 1 however often intervals fail or hold", () => {
    let [failing, holding] = [calibration, calibration];
    for (let i = 0; i < 500; i++) {
      failing = withOrigin(failing, Float64Array.of(1e9 * (i + 1)), options);
      holding = withOrigin(holding, Float64Array.of(0), options);
    }
    expect([...failing.missRates]).toEqual([0.2 / 25, 0.05 / 25]);
    expect([...holding.missRates]).toEqual([(1 + 0.2) / 2, (1 + 0.05) / 2]);
  });

  it("takes levels that do not adapt along with their neighbours", () => {
    const wider = { ...calibration, missRates: Float64Array.of(0.1, 0.025) };
    expect(upper(wider, [80, 90, 95])).toEqual([90, 95, 98]);
    // 40 % missed lies a quarter of the way from 20 % (now 10 %) to 100 %: 32.5 %, so rank 67.5.
    expect(upper(wider, [60])).toEqual([68]);
  });

  it("never lets the interval of a higher level lie inside that of a lower one", () => {
    const crossed = { ...calibration, missRates: Float64Array.of(0.04, 0.3) };
    expect(upper(crossed, [80, 95])).toEqual([96, 96]);
  });

  it("forgets the oldest origins", () => {
    const short = { ...options, window: 3 };
    expect(withOrigin(calibration, Float64Array.of(7), short).origins.map((scores) => scores[0])).toEqual([
      98, 99, 7,
    ]);
  });
});
