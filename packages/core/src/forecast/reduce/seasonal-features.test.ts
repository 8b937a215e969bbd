import { describe, expect, it } from "vitest";
import { seasonalFeatures } from "./seasonal-features.ts";

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe("seasonalFeatures", () => {
  it("are the newest rows, the seasons before and the places in them", () => {
    expect(seasonalFeatures([168, 24])).toEqual({
      lags: [...upTo(25), 48, 72, 96, 120, 144, 167, 168, 169, 192, 336],
      windows: [
        { aggregate: "mean", width: 24, lag: 1 },
        { aggregate: "mean", width: 168, lag: 1 },
      ],
      positions: [24, 168],
    });
    expect(seasonalFeatures([12]).lags).toEqual(upTo(13));
    expect(seasonalFeatures([1, 52]).lags).toEqual([...upTo(24), 26, 39, 51, 52, 53]);
    expect(seasonalFeatures([1, 52]).positions).toEqual([52]);
  });

  it("are the newest rows alone without a season", () => {
    expect(seasonalFeatures([])).toEqual({ lags: upTo(12), windows: [], positions: [] });
  });

  it("refuse what is no length", () => {
    expect(() => seasonalFeatures([24.5])).toThrow(/seasons\[0\]/);
    expect(() => seasonalFeatures(24 as never)).toThrow(/must be a list/);
  });
});
