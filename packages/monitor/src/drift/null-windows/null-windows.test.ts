import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { areDependent, noiseOf, nullWindows } from "./null-windows.ts";

const reference = { first: 5, values: new Float64Array(1000) };
const current = { first: 1005, values: new Float64Array(200) };
current.values[17] = Number.NaN;

describe("nullWindows", () => {
  it("gives windows of the same place and length, missing where they are, and the same ones for a seed", () => {
    const random = createRandom("shocks");
    const shocks = Float64Array.from({ length: 1000 }, () => random.normal());
    shocks[500] = Number.NaN;
    const draw = () =>
      nullWindows(
        reference,
        current,
        { phi: Float64Array.of(0.5), shocks, areDependent: true },
        24,
      )(createRandom("draw"));
    const [before, now] = draw();
    expect([before.first, before.values.length, now.first, now.values.length]).toEqual([5, 1000, 1005, 200]);
    expect(Array.from(now.values.keys()).filter((slot) => Number.isNaN(now.values[slot]))).toEqual([17]);
    expect(before.values.some(Number.isNaN)).toBe(false);
    expect(draw()).toEqual([before, now]);
  });

  it("keeps each hour's shocks at that hour", () => {
    // Every shock is the hour of its grid index.
    const shocks = Float64Array.from({ length: 1000 }, (_, slot) => (5 + slot) % 24);
    const [before, now] = nullWindows(
      reference,
      current,
      { phi: new Float64Array(0), shocks, areDependent: true },
      24,
    )(createRandom("hours"));
    for (const { first, values } of [before, now])
      values.forEach((value, slot) => {
        if (!Number.isNaN(value)) expect(value).toBe((first + slot) % 24);
      });
  });

  it("runs the autoregression through both windows where one follows the other", () => {
    const shocks = new Float64Array(1000).fill(1);
    const [before, now] = nullWindows(
      reference,
      current,
      { phi: Float64Array.of(0.9), shocks, areDependent: true },
      1,
    )(createRandom("run"));
    for (const value of [...before.values.subarray(100), now.values[0] as number])
      expect(value).toBeCloseTo(10, 3);
  });
});

describe("areDependent", () => {
  const random = createRandom("dependent");
  const white = Float64Array.from({ length: 1000 }, () => random.normal());
  it("is false for independent shocks, also with gaps", () => {
    expect(areDependent(white, 24, 1)).toBe(false);
    expect(
      areDependent(
        white.map((value, i) => (i % 7 === 0 ? Number.NaN : value)),
        24,
        1,
      ),
    ).toBe(false);
  });
  it("is true where wild shocks follow wild ones, or shocks are correlated", () => {
    let [variance, last] = [1, 0];
    const garch = white.map((value) => {
      variance = 0.05 + 0.1 * last * last + 0.85 * variance;
      last = Math.sqrt(variance) * value;
      return last;
    });
    expect(areDependent(garch, 24, 1)).toBe(true);
    expect(
      areDependent(
        white.map((value, i) => value + 0.4 * (white[i - 3] ?? 0)),
        24,
        1,
      ),
    ).toBe(true);
  });
});

describe("noiseOf", () => {
  const random = createRandom("noise");
  const likeYesterday = new Float64Array(1200);
  for (let slot = 0; slot < likeYesterday.length; slot++)
    likeYesterday[slot] = 0.5 * (likeYesterday[slot - 24] ?? 0) + random.normal();

  it("has a factor for the lag of a season where innovations look like those a season before", () => {
    const { phi } = noiseOf(likeYesterday, Float64Array.of(0), 24, 1);
    expect(phi.length).toBe(25);
    expect(phi[23]).toBeGreaterThan(0.4);
    expect(
      noiseOf(
        Float64Array.from({ length: 1200 }, () => random.normal()),
        Float64Array.of(0),
        24,
        1,
      ).phi.length,
    ).toBe(1);
  });

  it("does without that factor where gaps leave too few rows with all lags", () => {
    const holes = likeYesterday.map((value, slot) => (slot % 7 === 0 ? Number.NaN : value));
    const { phi, shocks } = noiseOf(holes, Float64Array.of(0), 24, 1);
    expect(phi.length).toBe(1);
    expect(shocks.some((shock) => !Number.isNaN(shock))).toBe(true);
  });

  it("lets days as wild follow each other where they do", () => {
    // Ten calm days, ten wild ones, and so on.
    const shocks = Float64Array.from(
      { length: 960 },
      (_, slot) => (Math.floor(slot / 240) % 2 ? 5 : 1) * (slot % 2 ? 1 : -1),
    );
    const [before] = nullWindows(
      reference,
      current,
      { phi: new Float64Array(0), shocks, areDependent: true },
      24,
    )(createRandom("wild"));
    let changes = 0;
    for (let slot = 24; slot < 1000; slot++)
      if (Math.abs(before.values[slot] as number) !== Math.abs(before.values[slot - 1] as number)) changes++;
    // Days drawn independently would change on 20 of 40.
    expect(changes).toBeLessThan(14);
  });
});
