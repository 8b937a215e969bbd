import {
  columnsFromArrays,
  createRandom,
  float64,
  type Random,
  TsopsError,
  timestamp,
  utf8,
} from "@tsops/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alternatives, fairFactors } from "./alternatives.ts";
import { addRank, rankBins, rankOf } from "./rank-bins.ts";
import { loadStreamingDrift, type StreamingDrift, streamingDrift } from "./streaming-drift.ts";

const hour = 3_600_000_000n;
const start = 1_767_571_200_000_000n; // 2026-01-05T00:00Z, a Monday
const referenceRows = 4 * 168;
const at = (row: number) => start + hour * BigInt(row);
const options = { time: "at", column: "load", season: [24] } as const;

function table(values: Float64Array, keep = (_: number) => true) {
  const rows = Array.from(values.keys()).filter(keep);
  return columnsFromArrays(
    { at: timestamp(), load: float64({ unit: "MW" }) },
    {
      at: BigInt64Array.from(rows, at),
      load: Float64Array.from(rows, (row) => values[row] as number),
    },
  );
}

/** AR(1) of standard deviation 1 on a daily wave around 10. */
function series(
  seed: string,
  rows: number,
  change: { phi?: number; level?: number; scale?: number; hours?: number } = {},
): Float64Array {
  const { phi = 0.5, level = 0, scale = 1, hours = 0 } = change;
  const random = createRandom(`streaming-drift/${seed}`);
  let noise = 0;
  return Float64Array.from({ length: rows }, (_, row) => {
    noise = phi * noise + Math.sqrt(1 - phi * phi) * random.normal();
    const changed = row >= referenceRows + 168;
    const phase = row - (changed ? hours : 0);
    return 10 + 1.5 * Math.sin((2 * Math.PI * phase) / 24) + (changed ? level + scale * noise : noise);
  });
}

function detectorOf(values: Float64Array, more: object = {}): StreamingDrift {
  return streamingDrift(table(values.slice(0, referenceRows)), { ...options, ...more });
}

function poisson(random: Random, rate: number): number {
  let count = 0;
  for (let product = random.uniform(); product > Math.exp(-rate); product *= random.uniform()) count++;
  return count;
}

/** Watches until the alarm. @returns The row of the alarm, or null. */
function watch(detector: StreamingDrift, values: Float64Array): number | null {
  for (let row = referenceRows; row < values.length; row++)
    if (detector.update(at(row), values[row] as number)) return row;
  return null;
}

describe("streamingDrift", () => {
  it("hardly ever alarms over 10 weeks of looking every hour while nothing changes", () => {
    let alarms = 0;
    for (let i = 0; i < 60; i++) {
      const values = series(`calm/${i}`, referenceRows + 1680, { phi: [0, 0.5, 0.9][i % 3] as number });
      if (watch(detectorOf(values), values) !== null) alarms++;
    }
    // 5 % of 60 are 3; 8 or more have a chance below 1 %.
    expect(alarms).toBeLessThan(8);
  });

  it.each([
    ["level", { level: 1 }, 1, 0.5, "MW"],
    ["level", { level: -2 }, -2, 0.7, "MW"],
    ["scale", { scale: 2 }, 2, 0.5, "x"],
    ["scale", { scale: 0.4 }, 0.4, 0.2, "x"],
    ["season", { hours: 4 }, 1.5, 0.9, "MW"],
  ] as const)(
    "finds a change of %s %o, since when and by how much",
    (change, made, effect, tolerance, unit) => {
      const values = series(`change/${JSON.stringify(made)}`, referenceRows + 5 * 168, made);
      const detector = detectorOf(values);
      const row = watch(detector, values) as number;
      expect(row).toBeGreaterThan(referenceRows + 168);
      expect(row).toBeLessThan(referenceRows + 3 * 168);
      expect(detector.alarmTime).toBe(at(row));
      const finding = detector.finding();
      expect(finding.change).toBe(change);
      expect(finding.unit).toBe(unit);
      expect(Math.abs(finding.effect - effect)).toBeLessThan(tolerance);
      // Bets on a pattern learn slowly, and lose little before it changes: when they began says less.
      const earliest = change === "season" ? -168 : -48;
      expect(Number(finding.since - at(referenceRows + 168)) / Number(hour)).toBeGreaterThan(earliest);
      expect(finding.since).toBeLessThanOrEqual(at(row));
      expect(finding.sentence).toContain("load");
    },
  );

  /** What hourly looks over ten weeks make of series in which nothing changes. */
  function falseAlarms(
    name: string,
    runs: number,
    make: (noise: Float64Array, random: Random) => Float64Array,
  ) {
    let alarms = 0;
    for (let i = 0; i < runs; i++) {
      const noise = series(`${name}/${i}`, referenceRows + 1680, { phi: 0.9 }).map((value) => value - 10);
      const values = make(noise, createRandom(`streaming-drift/${name}/draws/${i}`));
      if (watch(detectorOf(values), values) !== null) alarms++;
    }
    return alarms;
  }

  // On its own scale the first alarms in most runs; of 25, 5 or more have a chance below 1 % at 5 %.
  it.each<[string, (noise: Float64Array, random: Random) => Float64Array]>([
    ["amounts that vary more where they are larger", (noise) => noise.map(Math.exp)],
    ["counts", (noise, random) => noise.map((value) => poisson(random, Math.exp(1.5 + 0.2 * value)))],
    [
      "spikes in 2 % of the rows",
      (noise, random) => noise.map((value) => (random.uniform() < 0.02 ? value + 8 : value)),
    ],
    [
      "calm and wild stretches that take turns",
      (noise, random) => {
        let [variance, last] = [1, 0];
        return noise.map(() => {
          variance = 0.05 + 0.1 * last * last + 0.85 * variance;
          last = Math.sqrt(variance) * random.normal();
          return last;
        });
      },
    ],
  ])("hardly ever alarms on %s", (name, make) => {
    expect(falseAlarms(name, 25, make)).toBeLessThan(5);
  });

  it("gives the size of a shift of amounts in their unit, about the usual one", () => {
    const values = series("amounts", referenceRows + 5 * 168, { level: 1 }).map((value) =>
      Math.exp(value - 7),
    );
    const detector = detectorOf(values);
    expect(watch(detector, values)).toBeGreaterThan(referenceRows + 168);
    const { change, effect, unit } = detector.finding();
    expect([change, unit]).toEqual(["level", "MW"]);
    // From about e^3 to e^4.
    expect(effect).toBeGreaterThan(15);
    expect(effect).toBeLessThan(60);
  });

  it("takes values below all possible amounts for the least, and goes on", () => {
    const values = series("below", referenceRows + 200).map((value) => Math.exp(value - 7));
    const detector = detectorOf(values);
    for (let row = referenceRows; row < values.length; row++)
      detector.update(at(row), row === referenceRows + 50 ? -5 : (values[row] as number));
    expect(detector.eValue).toBeGreaterThan(0);
    expect(detector.alarm).toBe(false);
  });

  it("says when the reference's spread comes in runs, and nothing of an even one", () => {
    expect(detectorOf(series("even", referenceRows)).cautions).toEqual([]);
    const random = createRandom("runs");
    const runs = Float64Array.from(
      { length: referenceRows },
      (_, row) => random.normal() * (row % 120 < 40 ? 4 : 1),
    );
    const detector = detectorOf(runs);
    expect(detector.cautions.join()).toContain("take turns");
    expect(loadStreamingDrift(detector.save()).cautions).toEqual(detector.cautions);
  });

  it("stays alarmed, and keeps the time of its first alarm", () => {
    const values = series("latch", referenceRows + 4 * 168, { level: 3 });
    const detector = detectorOf(values);
    const row = watch(detector, values) as number;
    expect(detector.eValue).toBeGreaterThanOrEqual(20);
    for (let later = row + 1; later < row + 50; later++) expect(detector.update(at(later), 10)).toBe(true);
    expect(detector.alarmTime).toBe(at(row));
  });

  it("goes on after save and load exactly as without, wherever it is cut", () => {
    const values = series("saved", referenceRows + 600, { level: 0.5, hours: 1 });
    const value = (row: number) => (row % 17 === 3 ? null : (values[row] as number));
    const whole = detectorOf(values);
    const eValues: number[] = [];
    for (let row = referenceRows; row < values.length; row++) {
      if (row % 29 !== 0) whole.update(at(row), value(row));
      eValues.push(whole.eValue);
    }
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 599 }), { maxLength: 5 }), (cuts) => {
        let detector = detectorOf(values);
        for (let row = referenceRows; row < values.length; row++) {
          if (cuts.includes(row - referenceRows)) detector = loadStreamingDrift(detector.save());
          if (row % 29 !== 0) detector.update(at(row), value(row));
          expect(detector.eValue).toBe(eValues[row - referenceRows]);
        }
        expect(detector.finding()).toEqual(whole.finding());
        expect(detector.counts).toEqual(whole.counts);
        expect(Buffer.compare(detector.save(), whole.save())).toBe(0);
      }),
      { numRuns: 10 },
    );
    expect(whole.save().length).toBeLessThan(8000);
  });

  it.each<[string, (noise: number, random: Random) => number]>([
    ["mostly zeros, and calm and wild stretches", (noise) => Math.max(0, noise - 1)],
    ["counts of a rate that wanders", (noise, random) => poisson(random, Math.exp(0.5 * noise))],
  ])("goes on exactly with %s, and says what they cost", (_, make) => {
    const random = createRandom("streaming-drift/saved-noise");
    const noise = series("saved-noise", referenceRows + 300, { phi: 0.95 });
    const values = noise.map((value, row) =>
      make(value - 10 - 1.5 * Math.sin((2 * Math.PI * row) / 24), random),
    );
    const whole = detectorOf(values);
    expect(whole.cautions.join()).toContain("noise is added");
    let detector = detectorOf(values);
    for (let row = referenceRows; row < values.length; row++) {
      if (row % 97 === 0) detector = loadStreamingDrift(detector.save());
      whole.update(at(row), values[row] as number);
      detector.update(at(row), values[row] as number);
      expect(detector.eValue).toBe(whole.eValue);
    }
    expect(detector.cautions).toEqual(whole.cautions);
    expect(whole.save().length).toBeLessThan(10_000);
  });

  it("keeps a weekly profile in a few kilobytes too", () => {
    const values = series("weekly", referenceRows);
    expect(detectorOf(values, { season: [24, 168] }).save().length).toBeLessThan(12_000);
  });

  it("treats steps that are left out, nulls, NaN and infinities alike", () => {
    const values = series("gaps", referenceRows + 300);
    const left = [Number.NaN, Number.POSITIVE_INFINITY, null, undefined];
    const eValues = left.map((missing) => {
      const detector = detectorOf(values);
      for (let row = referenceRows; row < values.length; row++) {
        const isGap = row % 10 < 3 && row < values.length - 10;
        if (isGap && missing === undefined) continue;
        detector.update(at(row), isGap ? (missing as number | null) : (values[row] as number));
      }
      return detector.eValue;
    });
    expect(new Set(eValues).size).toBe(1);
    expect(eValues[0]).not.toBe(1);
  });

  it("stands numbers whose squares are none, and names them where the reference has them", () => {
    const detector = detectorOf(good);
    for (let i = 0; i < 50; i++) {
      const value = i % 20 === 3 ? -1.7e308 : (good[i] as number);
      detector.update(at(referenceRows + i), value);
    }
    expect([detector.counts.used, Number.isFinite(detector.eValue)]).toEqual([50, true]);
    const wild = good.map((value, row) => (row === 7 ? 1e200 : value));
    expect(() => detectorOf(wild)).toThrow(
      expect.objectContaining({
        code: "MONITOR_INVALID",
        message: '1 value of "load" is beyond 1e150: no variance can be taken of the reference.',
        details: expect.objectContaining({ rows: [7] }),
      }),
    );
  });
  it("leaves out late and repeated values, and counts them", () => {
    const values = series("late", referenceRows + 50);
    const detector = detectorOf(values);
    detector.update(at(referenceRows - 1), 1000);
    for (let row = referenceRows; row < values.length; row++) {
      detector.update(at(row), values[row] as number);
      const before = detector.eValue;
      detector.update(at(row), 1e6);
      detector.update(at(row - 1), -1e6);
      expect(detector.eValue).toBe(before);
    }
    detector.update(at(values.length), null);
    expect(detector.counts).toEqual({ used: 50, missing: 1, late: 101 });
  });

  it("does not take a year's gap or one broken reading for drift", () => {
    const values = series("broken", referenceRows + 400);
    const detector = detectorOf(values);
    for (let row = referenceRows; row < values.length; row++) {
      const later = row < referenceRows + 200 ? row : row + 365 * 24;
      detector.update(at(later), row === referenceRows + 100 ? 1e9 : (values[row] as number));
    }
    expect(detector.alarm).toBe(false);
    expect(detector.eValue).toBeLessThan(5);
  });

  it("takes references with gaps and in any order", () => {
    const values = series("reference", referenceRows + 168 + 336, { level: 2 });
    const rows = createRandom("order").shuffle(Array.from({ length: referenceRows }, (_, i) => i));
    const shuffled = columnsFromArrays(
      { at: timestamp(), load: float64() },
      {
        at: BigInt64Array.from(rows, at),
        load: Float64Array.from(rows, (row) => values[row] as number),
      },
    );
    const sorted = detectorOf(values);
    const other = streamingDrift(shuffled, options);
    watch(sorted, values);
    watch(other, values);
    expect(other.eValue).toBe(sorted.eValue);
    const holes = streamingDrift(
      table(values.slice(0, referenceRows), (row) => row % 7 !== 2),
      options,
    );
    expect(watch(holes, values)).toBeGreaterThan(referenceRows + 168);
  });

  const good = series("bad", referenceRows);
  it.each([
    ["a column that is not there", () => streamingDrift(table(good), { ...options, column: "lod" })],
    ["the time as column", () => streamingDrift(table(good), { ...options, column: "at" })],
    ["alpha 0", () => streamingDrift(table(good), { ...options, alpha: 0 })],
    ["an unknown option", () => streamingDrift(table(good), { ...options, sesaon: 24 } as typeof options)],
    ["maxOrder 0", () => streamingDrift(table(good), { ...options, maxOrder: 0 })],
    ["a constant", () => streamingDrift(table(good.map(() => 3)), options)],
    ["an empty reference", () => streamingDrift(table(new Float64Array(0)), options)],
    ["a reference of one season", () => streamingDrift(table(good.slice(0, 30)), options)],
    ["a column of NaN", () => streamingDrift(table(good.map(() => Number.NaN)), options)],
    [
      "text",
      () =>
        streamingDrift(
          columnsFromArrays(
            { at: timestamp(), load: utf8() },
            { at: BigInt64Array.from(good, (_, row) => at(row)), load: Array.from(good, String) },
          ),
          options,
        ),
    ],
    ["a time that is a number", () => detectorOf(good).update(1 as unknown as bigint, 1)],
    ["a value that is text", () => detectorOf(good).update(at(referenceRows), "1" as unknown as number)],
  ])("refuses %s with MONITOR_INVALID", (_, call) => {
    expect(codeOf(call)).toBe("MONITOR_INVALID");
  });

  it.each([
    ["other bytes", () => loadStreamingDrift(new Uint8Array(100))],
    ["text", () => loadStreamingDrift("saved" as unknown as Uint8Array)],
    ["cut bytes", () => loadStreamingDrift(detectorOf(good).save().slice(0, -9))],
  ])("refuses to load %s with MODEL_FORMAT_INVALID", (_, call) => {
    expect(codeOf(call)).toBe("MODEL_FORMAT_INVALID");
  });
});

function codeOf(call: () => unknown): string | null {
  try {
    call();
  } catch (error) {
    return TsopsError.is(error) ? error.code : String(error);
  }
  return null;
}

describe("the bets", () => {
  it("are fair while ranks are uniform", () => {
    expect(fairFactors).toHaveLength(alternatives.length);
    for (const factors of fairFactors)
      expect(factors.reduce((a, b) => a + b, 0) / factors.length).toBeCloseTo(1, 12);
  });

  it("are on densities: each ratio integrates to 1 under the normal distribution", () => {
    for (const { ratio } of alternatives) {
      let integral = 0;
      for (let z = -12; z < 12; z += 0.001)
        integral += (ratio(z) * Math.exp((-z * z) / 2) * 0.001) / Math.sqrt(2 * Math.PI);
      expect(integral).toBeCloseTo(1, 3);
    }
  });
});

describe("ranks", () => {
  it("of numbers from any one distribution are uniform: chi-square of 16 cells", () => {
    const random = createRandom("ranks");
    const draw = () => Math.exp(2 * random.normal());
    const cells = new Float64Array(16);
    const runs = 400;
    for (let run = 0; run < runs; run++) {
      const bins = rankBins(Float64Array.from({ length: 200 }, draw));
      for (let i = 0; i < 50; i++) {
        const value = draw();
        const cell = Math.floor(16 * rankOf(bins, value));
        cells[cell] = (cells[cell] as number) + 1;
        addRank(bins, value);
      }
    }
    const expected = (runs * 50) / 16;
    // Ranks within a run depend on each other through their reference: a few times the 99.9 % quantile of independent ones.
    expect(cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)).toBeLessThan(100);
  });

  it.each<[string, (random: Random) => number]>([
    ["counts of mean 0.3", (random) => poisson(random, 0.3)],
    ["mostly zeros", (random) => (random.uniform() < 0.9 ? 0 : 1 + poisson(random, 4))],
    ["two humps", (random) => random.normal() + (random.uniform() < 0.5 ? 4 : -4)],
  ])("hardly ever alarms on %s", (name, draw) => {
    let alarms = 0;
    for (let i = 0; i < 30; i++) {
      const random = createRandom(`streaming-drift/${name}/${i}`);
      const values = Float64Array.from({ length: referenceRows + 1680 }, () => draw(random));
      if (watch(detectorOf(values), values) !== null) alarms++;
    }
    // 5 % of 30 are 1.5; 6 or more have a chance below 1 %. Without noise on equal values nearly all alarm.
    expect(alarms).toBeLessThan(6);
  });

  it("finds that a column of mostly zeros has more other values", () => {
    const random = createRandom("streaming-drift/more");
    const values = Float64Array.from({ length: referenceRows + 1680 }, (_, row) =>
      random.uniform() < (row < referenceRows ? 0.9 : 0.6) ? 0 : 1 + poisson(random, 4),
    );
    expect(watch(detectorOf(values), values)).toBeLessThan(referenceRows + 336);
  });

  it("rise with the value and stay within (0, 1)", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength: 200 }),
        fc.array(fc.double({ min: -60, max: 60, noNaN: true }), { minLength: 2, maxLength: 20 }),
        (sample, values) => {
          const bins = rankBins(Float64Array.from(sample));
          const ranks = values.sort((a, b) => a - b).map((value) => rankOf(bins, value));
          ranks.forEach((rank, i) => {
            expect(rank).toBeGreaterThan(0);
            expect(rank).toBeLessThan(1);
            if (i > 0) expect(rank).toBeGreaterThanOrEqual((ranks[i - 1] as number) - 1e-12);
          });
        },
      ),
    );
  });
});
