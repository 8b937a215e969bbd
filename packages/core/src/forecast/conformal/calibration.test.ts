import { describe, expect, it } from "vitest";
import { probabilitiesOf } from "../levels.ts";
import { aimOf } from "./adaptation.ts";
import { type Calibration, emptyCalibration, quantilesAround, withOrigin } from "./calibration.ts";
import { resolveConformalOptions } from "./options.ts";

const options = resolveConformalOptions({ levels: [80, 95], folds: 100, neighbours: 0, adaptRate: 0.1 });
/** One series, one step, scores 1 to 99. */
const calibration: Calibration = {
  ...emptyCalibration(options, 1, 1),
  scores: [Float64Array.from({ length: 99 }, (_, i) => i + 1)],
};
const withMissRates = (...missRates: number[]): Calibration => ({
  ...calibration,
  adaptation: { ...calibration.adaptation, missRates: Float64Array.from(missRates) },
});
const upper = (state: Calibration, levels: readonly number[]) => {
  const quantiles = quantilesAround({
    calibration: state,
    options,
    chosen: [0],
    mean: Float64Array.of(0),
    steps: 1,
    expected: null,
    probabilities: probabilitiesOf(levels),
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
    expect(missed.adaptation.missRates[0]).toBeCloseTo(0.2 + 0.1 * (0.2 - 1), 12);
    expect(missed.adaptation.missRates[1]).toBeCloseTo(0.05 + 0.1 * 0.05, 12);
    expect(withOrigin(calibration, Float64Array.of(Number.NaN), options).adaptation).toEqual(
      calibration.adaptation,
    );
  });

  it("keeps miss rates away from 0 and 1 however often intervals fail or hold", () => {
    let [failing, holding] = [calibration, calibration];
    for (let i = 0; i < 500; i++) {
      failing = withOrigin(failing, Float64Array.of(1e9 * (i + 1)), options);
      holding = withOrigin(holding, Float64Array.of(0), options);
    }
    expect([...failing.adaptation.missRates]).toEqual([0.2 / 25, 0.05 / 25]);
    expect([...holding.adaptation.missRates]).toEqual([(1 + 0.2) / 2, (1 + 0.05) / 2]);
  });

  it("takes levels that do not adapt along with their neighbours", () => {
    const wider = withMissRates(0.1, 0.025);
    expect(upper(wider, [80, 90, 95])).toEqual([90, 95, 98]);
    // 40 % missed lies a quarter of the way from 20 % (now 10 %) to 100 %: 32.5 %, so rank 67.5.
    expect(upper(wider, [60])).toEqual([68]);
  });

  it("never lets the interval of a higher level lie inside that of a lower one", () => {
    const crossed = withMissRates(0.04, 0.3);
    expect(upper(crossed, [80, 95])).toEqual([96, 96]);
  });

  it("moves bounds by the rate times the largest score, beyond all scores where need be", () => {
    const pid = { ...options, adapt: "pid", integralRate: 0 } as const;
    const upperOf = (state: Calibration) =>
      quantilesAround({
        calibration: state,
        options: pid,
        chosen: [0],
        mean: Float64Array.of(0),
        steps: 1,
        expected: null,
        probabilities: probabilitiesOf([50, 80, 95, 98]),
      })
        .slice(4)
        .map(({ values }) => values[0]);
    // All scores of the window and so the bounds stay what they are but for the offset.
    const learn = (score: number, times: number) => {
      let state = calibration;
      for (let i = 0; i < times; i++)
        state = { ...withOrigin(state, Float64Array.of(score), pid), scores: calibration.scores };
      return state;
    };
    const missed = learn(1000, 1);
    expect(missed.adaptation.offsets[0]).toBeCloseTo(0.1 * 0.8, 12);
    expect(missed.adaptation.offsets[1]).toBeCloseTo(0.1 * 0.95, 12);
    // In between: 50 lies 3/8 of the way from level 0 (no offset) to 80's; beyond the outermost, its own.
    const expected = [50 + 99 * 0.08 * (5 / 8), 80 + 99 * 0.08, 95 + 99 * 0.095, 98 + 99 * 0.095];
    upperOf(missed).forEach((bound, i) => {
      expect(bound).toBeCloseTo(expected[i] as number, 9);
    });
    expect(upperOf(learn(1000, 50))[2]).toBeGreaterThan(500);
    // The other way: bounds shrink, though never below nothing.
    expect(upperOf(learn(0, 5))[1]).toBeLessThan(80);
    expect(upperOf(learn(0, 500))[1]).toBeGreaterThanOrEqual(0);
  });

  it("pushes harder the longer misses pile up", () => {
    const pid = { ...options, adapt: "pid", adaptRate: 1e-9, integralRate: 0.1 } as const;
    const offsetAfter = (origins: number): number => {
      let state = calibration;
      for (let i = 0; i < origins; i++)
        state = { ...withOrigin(state, Float64Array.of(1e6), pid), scores: calibration.scores };
      return aimOf(state.adaptation, pid, 0, 80).offset;
    };
    expect(offsetAfter(0)).toBe(0);
    expect(offsetAfter(2)).toBeGreaterThan(0.02);
    expect(offsetAfter(4)).toBeGreaterThan(2 * offsetAfter(2));
    expect(offsetAfter(40)).toBeCloseTo(0.1 * Math.tan(1.5), 6);
  });

  it("forgets the oldest origins", () => {
    const short = { ...options, window: 3 };
    expect(withOrigin(calibration, Float64Array.of(7), short).scores).toEqual([Float64Array.of(98, 99, 7)]);
    expect(withOrigin(calibration, Float64Array.of(Number.NaN), short).scores).toEqual(calibration.scores);
  });
});
