import { readFileSync } from "node:fs";
import { readBinary, TsopsError, writeBinary } from "@tsops/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Adwin, adwin, loadAdwin } from "./adwin.ts";
import { cusum, loadCusum } from "./cusum.ts";
import { loadPageHinkley, pageHinkley } from "./page-hinkley.ts";
import type { RawDetector } from "./raw-detector.ts";

interface Case {
  readonly detector: "pageHinkley" | "adwin" | "cusum";
  readonly series: string;
  readonly options: Readonly<Record<string, number | string>>;
  readonly alarms: readonly number[];
  readonly windows?: readonly (readonly [number, number, number, number])[];
}
const fixture = JSON.parse(
  readFileSync(new URL("../__fixtures__/raw-detectors.json", import.meta.url), "utf8"),
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

type Detector = RawDetector | Adwin;
const load: Readonly<Record<keyof typeof make, (bytes: Uint8Array) => Detector>> = {
  pageHinkley: loadPageHinkley,
  adwin: loadAdwin,
  cusum: loadCusum,
};
const settings: Readonly<Record<keyof typeof make, readonly object[]>> = {
  pageHinkley: [{}, { minimum: 3, threshold: 2, keep: 0.9 }, { direction: "down", threshold: 4, minimum: 0 }],
  adwin: [
    {},
    { delta: 0.4, clock: 1, buckets: 2, minimum: 1, grace: 2 },
    { delta: 0.1, clock: 7, buckets: 9 },
  ],
  cusum: [{}, { target: -0.3, deviation: 0.1, slack: 0.25, threshold: 3 }, { target: 2, threshold: 0 }],
};

describe.each(["pageHinkley", "adwin", "cusum"] as const)("a saved %s", (name) => {
  const restore = load[name];
  // Levels that jump, so that alarms come; all doubles, so that the last bits count.
  const series = fc
    .array(
      fc.tuple(
        fc.integer({ min: 1, max: 80 }),
        fc.constantFrom(0, 0.5, -2, 8, 1e6),
        fc.double({ min: -1, max: 1, noNaN: true }),
      ),
      { minLength: 1, maxLength: 8 },
    )
    .map((stretches) =>
      stretches.flatMap(([rows, level, noise]) =>
        Array.from({ length: rows }, (_, row) => level + noise * Math.sin(row * row)),
      ),
    );

  it("goes on as if nothing had happened, wherever it is saved", () => {
    let alarms = 0;
    const property = fc.property(
      series,
      fc.constantFrom(...settings[name]),
      fc.array(fc.nat(300), { maxLength: 5 }),
      (values, options, cuts) => {
        const whole: Detector = make[name](options);
        let saved: Detector = make[name](options);
        values.forEach((value, row) => {
          if (cuts.includes(row)) saved = restore(saved.save());
          const alarm = whole.update(value);
          expect(saved.update(value)).toBe(alarm);
          if (alarm) alarms++;
        });
        expect({ ...restore(saved.save()) }).toMatchObject(numbersOf(whole));
        expect(Buffer.compare(saved.save(), whole.save())).toBe(0);
      },
    );
    fc.assert(property, { numRuns: 100, seed: 4 });
    expect(alarms).toBeGreaterThan(100);
  });

  const bytes = () => {
    const detector: Detector = make[name]();
    for (let row = 0; row < 100; row++) detector.update(Math.sin(row));
    return detector.save();
  };
  const others = Object.keys(make).filter((other) => other !== name) as (keyof typeof make)[];
  it.each<[string, (saved: Uint8Array) => unknown]>([
    ["text", () => "saved"],
    ["nothing", () => null],
    ["no bytes", () => new Uint8Array(0)],
    ["foreign bytes", () => new Uint8Array(200).fill(7)],
    ["those of another detector", () => make[others[0] as keyof typeof make]().save()],
    ["cut bytes", (saved) => saved.slice(0, -9)],
    ["a changed bit", (saved) => saved.map((byte, at) => (at === saved.length - 3 ? byte ^ 4 : byte))],
    [
      "a layout of later",
      (saved) => {
        const { kind, version, header } = readBinary(saved);
        return writeBinary(kind, version + 1, header, {});
      },
    ],
    [
      "no numbers",
      (saved) => {
        const { kind, version, header } = readBinary(saved);
        return writeBinary(kind, version, header, {});
      },
    ],
  ])("refuses %s with MODEL_FORMAT_INVALID", (_, made) => {
    expect(() => restore(made(bytes()) as Uint8Array)).toThrow(
      expect.objectContaining({ code: "MODEL_FORMAT_INVALID" }),
    );
  });
});

/** What a detector tells of itself. */
function numbersOf(detector: Detector): object {
  if ("statistic" in detector) return { statistic: detector.statistic };
  const { width, mean, variance } = detector;
  return { width, mean, variance };
}

it("refuses numbers that contradict each other, though their checksum is right", () => {
  const { header } = readBinary(adwin().save());
  const counts = new Int32Array(40);
  counts[0] = 3;
  const written = writeBinary("adwin", 1, header, {
    counts,
    window: Float64Array.of(7, 0, 0, 7, 0),
    totals: new Float64Array(3),
    variances: new Float64Array(3),
  });
  expect(() => loadAdwin(written)).toThrow(/contradict/);
  const sums = writeBinary("cusum", 1, {}, { sums: Float64Array.of(-1, 0, 0) });
  expect(() => loadCusum(sums)).toThrow(/contradict/);
});

it("a saved window is small, however long it is", () => {
  const stream = adwin({ delta: 1e-9 });
  for (let row = 0; row < 100_000; row++) stream.update(row % 2);
  expect(stream.width).toBe(100_000);
  expect(stream.save().length).toBeLessThan(2500);
});
