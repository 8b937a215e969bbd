import { describe, expect, it } from "vitest";
import { smoothBounds } from "./smooth-bounds.ts";

describe("smoothBounds", () => {
  it("takes out ups and downs that chance explains", () => {
    const bounds = Float64Array.from({ length: 14 }, (_, h) => 5 * (h % 2 === 0 ? 1.15 : 0.87));
    const smooth = smoothBounds(bounds, 10);
    expect(Math.max(...smooth) / Math.min(...smooth)).toBeLessThan(1.05);
    expect(smooth[6]).toBeCloseTo(5, 0);
  });

  it("keeps the growth of a random walk", () => {
    const bounds = Float64Array.from({ length: 12 }, (_, h) => Math.sqrt(h + 1));
    smoothBounds(bounds, 10).forEach((bound, h) => {
      expect(bound).toBeCloseTo(bounds[h] as number, 9);
    });
  });

  it("keeps steps that differ by far more than chance", () => {
    const bounds = Float64Array.from({ length: 24 }, (_, h) => (h < 8 ? 1 : 40));
    const smooth = smoothBounds(bounds, 12);
    expect(smooth[0]).toBeLessThan(1.5);
    expect(smooth[23]).toBeGreaterThan(30);
  });

  it("leaves bounds of 0 as they are", () => {
    const bounds = Float64Array.of(0, 1, 5, 2);
    expect(smoothBounds(bounds, 5)).toBe(bounds);
  });
});
