import { readFileSync } from "node:fs";
import { TsopsError } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { adwin } from "./adwin.ts";
import { cusum } from "./cusum.ts";
import { pageHinkley } from "./page-hinkley.ts";

interface Case {
  readonly detector: "pageHinkley" | "adwin" | "cusum";
  readonly series: string;
  readonly options: Readonly<Record<string, number | string>>;
  readonly alarms: readonly number[];
  readonly windows?: readonly (readonly [number, number, number, number])[];
}
const fixture = JSON.parse(
  readFileSync(new URL("__fixtures__/raw-detectors.json", import.meta.url), "utf8"),
) as {
  readonly river: string;
  readonly series: Readonly<Record<string, readonly number[]>>;
  readonly cases: readonly Case[];
};
const make = { pageHinkley, adwin, cusum };
const ownNames: Readonly<Record<string, string>> = {
  min_instances: "minimum",
  alpha: "keep",
  mode: "direction",
  max_buckets: "buckets",
  min_window_length: "minimum",
  grace_period: "grace",
};

describe(`single-stream detectors alarm where River ${fixture.river} does`, () => {
  it.each(fixture.cases)(
    "$detector on $series with $options",
    ({ detector, series, options, alarms, windows }) => {
      const own = Object.fromEntries(
        Object.entries(options).map(([name, value]) => [ownNames[name] ?? name, value]),
      );
      const stream = make[detector](own);
      const seen = new Map(windows?.map(([at, ...window]) => [at, window]));
      const found: number[] = [];
      fixture.series[series]?.forEach((value, at) => {
        if (stream.update(value)) found.push(at);
        const window = seen.get(at);
        if (window === undefined || !("width" in stream)) return;
        expect(stream.width).toBe(window[0]);
        expect(stream.mean).toBeCloseTo(window[1], 8);
        expect(stream.variance).toBeCloseTo(window[2], 8);
      });
      expect(found).toEqual(alarms);
    },
  );

  it("covers alarms and their absence for each", () => {
    for (const name of Object.keys(make)) {
      const counts = fixture.cases
        .filter(({ detector }) => detector === name)
        .map(({ alarms }) => alarms.length);
      expect(Math.min(...counts)).toBe(0);
      expect(Math.max(...counts)).toBeGreaterThan(2);
    }
  });
});

it.each([
  ["NaN", () => pageHinkley().update(Number.NaN)],
  ["an infinity", () => adwin().update(Number.POSITIVE_INFINITY)],
  ["an infinity", () => cusum().update(Number.NEGATIVE_INFINITY)],
  ["a threshold below 0", () => pageHinkley({ threshold: -1 })],
  ["an unknown direction", () => pageHinkley({ direction: "sideways" as "up" })],
  ["delta 0", () => adwin({ delta: 0 })],
  ["half a clock", () => adwin({ clock: 1.5 })],
  ["no side of a cut", () => adwin({ minimum: 0 })],
  ["more buckets than memory", () => adwin({ buckets: 1e9 })],
  ["no deviation to divide by", () => cusum({ deviation: 0 })],
  ["an infinite tolerance", () => pageHinkley({ delta: Number.POSITIVE_INFINITY })],
  ["a sum that grows of itself", () => pageHinkley({ keep: 2 })],
  ["an unknown option", () => cusum({ slak: 1 } as object)],
])("refuses %s with MONITOR_INVALID", (_, call) => {
  try {
    call();
    expect.unreachable();
  } catch (error) {
    expect(TsopsError.is(error, "MONITOR_INVALID")).toBe(true);
  }
});
