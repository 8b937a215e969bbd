import {
  columnsFromArrays,
  createRandom,
  float64,
  nullable,
  type Random,
  timestamp,
  utf8,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import { driftDecision } from "./decision.ts";
import { driftTest } from "./drift-test.ts";
import { designEffect } from "./model/innovation-moments.ts";

const hour = 3_600_000_000n;
const start = 1_767_571_200_000_000n; // 2026-01-05T00:00Z
const [referenceRows, allRows] = [4 * 168, 5 * 168];

function window(
  values: Float64Array | readonly number[],
  from: number,
  to: number,
  keep = (_: number) => true,
) {
  const rows = Array.from({ length: to - from }, (_, i) => from + i).filter(keep);
  return columnsFromArrays(
    { at: timestamp(), load: float64() },
    {
      at: BigInt64Array.from(rows, (row) => start + hour * BigInt(row)),
      load: Float64Array.from(rows, (row) => values[row] as number),
    },
  );
}

/** Noise by `phi` and `theta`, after 300 steps to settle. */
function arma(
  random: Random,
  phi: readonly number[],
  theta: readonly number[],
  shock = () => random.normal(),
) {
  const shocks = Float64Array.from({ length: allRows + 300 }, shock);
  const values = new Float64Array(shocks.length);
  for (let i = 0; i < values.length; i++) {
    let value = shocks[i] as number;
    phi.forEach((factor, lag) => {
      value += factor * (values[i - 1 - lag] ?? 0);
    });
    theta.forEach((factor, lag) => {
      value += factor * (shocks[i - 1 - lag] ?? 0);
    });
    values[i] = value;
  }
  return values.subarray(300);
}

/** Shares of windows, among fixed seeds, that alarm: as a whole (`column`), and by each test alone. */
function alarms(windows: number, make: (random: Random) => Float64Array): Record<string, number> {
  const shares: Record<string, number> = { column: 0 };
  const add = (name: string) => {
    shares[name] = (shares[name] ?? 0) + 1 / windows;
  };
  for (let i = 0; i < windows; i++) {
    const values = make(createRandom(`drift-test/${i}`));
    const report = driftTest(window(values, 0, referenceRows), window(values, referenceRows, allRows), {
      time: "at",
      season: [24],
    });
    if (report.drift) add("column");
    for (const { test, pValue } of report.columns[0]?.tests ?? []) if (pValue <= 0.05) add(test);
  }
  return shares;
}

const garch = (random: Random) => {
  let [variance, last] = [1, 0];
  return arma(random, [0.5], [], () => {
    variance = 0.05 + 0.1 * last * last + 0.85 * variance;
    last = Math.sqrt(variance) * random.normal();
    return last;
  });
};
const counts = (random: Random) =>
  arma(random, [0.9], []).map((level) => {
    const enough = Math.exp(-Math.exp(0.5 + 0.17 * level));
    let count = 0;
    for (let product = random.uniform(); product > enough; product *= random.uniform()) count++;
    return count;
  });
const ar9 = (random: Random) => arma(random, [0.9], []).map((value) => value * Math.sqrt(0.19));
const changed = (change: (value: number, row: number) => number) => (random: Random) =>
  ar9(random).map((value, row) => (row < referenceRows ? value + wave(row) : change(value, row)));
const wave = (row: number) => 1.5 * Math.sin((2 * Math.PI * row) / 24);

/** The density of a double exponential falls as exp(-sqrt(2) |x|) at variance 1. */
const laplace = (random: Random) => {
  const u = random.uniform(-0.5, 0.5);
  return (-Math.sign(u) * Math.log(1 - 2 * Math.abs(u))) / Math.SQRT2;
};

describe("driftTest when nothing changed", () => {
  // Bounds lie three standard errors of 150 windows above 5 % (GARCH: 9 %).
  it.each([
    ["AR(1) noise with a season", 0.105, changed((value, row) => value + wave(row))],
    ["the turns of a smooth series (ARMA 2,1)", 0.105, (random: Random) => arma(random, [1.2, -0.3], [0.5])],
    ["calm and wild stretches (GARCH)", 0.16, garch],
    ["counts of a slow rate", 0.105, counts],
    ["amounts that vary more where they are larger", 0.105, (random: Random) => ar9(random).map(Math.exp)],
  ])("holds its level on %s", (_, bound, make) => {
    expect(alarms(150, make)["column"]).toBeLessThan(bound);
  });
});

describe("driftTest on columns of categories", () => {
  const labelled = (random: Random, phi: number, label: (value: number, row: number) => string) =>
    Array.from(arma(random, [phi], []), (value, row) => label(value * Math.sqrt(1 - phi * phi), row));
  const text = (labels: readonly (string | null)[], from: number, to: number) =>
    columnsFromArrays(
      { at: timestamp(), mix: nullable(utf8()) },
      {
        at: BigInt64Array.from({ length: to - from }, (_, k) => start + hour * BigInt(from + k)),
        mix: labels.slice(from, to),
      },
    );
  /** Share of windows that alarm. */
  const share = (windows: number, make: (random: Random) => readonly (string | null)[]) => {
    let count = 0;
    for (let i = 0; i < windows; i++) {
      const labels = make(createRandom(`drift-test/labels/${i}`));
      const [before, now] = [text(labels, 0, referenceRows), text(labels, referenceRows, allRows)];
      if (driftTest(before, now, { time: "at", season: [24] }).drift) count++;
    }
    return count / windows;
  };
  const weather = (value: number) => (value < -0.3 ? "rain" : value < 0.8 ? "clouds" : "sun");

  // Bounds lie three standard errors of 200 windows above 5 %; by large-sample p-values the second has 20 %.
  it.each<[string, (random: Random) => readonly (string | null)[]]>([
    ["of two labels that come and go (AR 0.9)", (random) => labelled(random, 0.9, (v) => `${v > 0.5}`)],
    ["of three labels that last for days (AR 0.95)", (random) => labelled(random, 0.95, weather)],
    [
      "with values that are missing for hours",
      (random) => {
        let left = 0;
        return Array.from({ length: allRows }, () => {
          if (left === 0 && random.uniform() < 0.01) left = 1 + Math.floor(-8 * Math.log(random.uniform()));
          left = Math.max(0, left - 1);
          return left > 0 ? null : "known";
        });
      },
    ],
  ])("holds its level %s", (_, make) => {
    expect(share(200, make)).toBeLessThan(0.096);
  });

  it("finds labels that come more often", () => {
    const more = (random: Random) =>
      labelled(random, 0.7, (value, row) => `${value > (row < referenceRows ? 0.5 : -0.3)}`);
    expect(share(50, more)).toBeGreaterThan(0.9);
  });
});

describe("driftTest when something changed", () => {
  it.each([
    ["level", 0.55, changed((value, row) => value + wave(row) + 1)],
    ["scale", 0.9, changed((value, row) => value * Math.SQRT2 + wave(row))],
    ["season", 0.9, changed((value, row) => value + wave(row - 3))],
    [
      "shape",
      0.5,
      (random: Random) => {
        let row = -300;
        return arma(random, [0.9], [], () => (row++ < referenceRows ? random.normal() : laplace(random)));
      },
    ],
  ])("finds a change of %s", (test, power, make) => {
    const found = alarms(50, make);
    expect(found["column"]).toBeGreaterThan(power);
    expect(found[test]).toBeGreaterThan(power);
  });
  it("tells a change of amounts in their own units", () => {
    const values = ar9(createRandom("amounts")).map((value, row) =>
      Math.exp(3 + value / 2 + (row < referenceRows ? 0 : 1)),
    );
    const report = driftTest(window(values, 0, referenceRows), window(values, referenceRows, allRows), {
      time: "at",
      season: [24],
    });
    const level = report.columns[0]?.tests.find(({ test }) => test === "level");
    expect(level?.pValue).toBeLessThan(0.01);
    // From e^3 to e^4, about.
    expect(level?.effect).toBeGreaterThan(15);
    expect(level?.effect).toBeLessThan(60);
  });
});

describe("effects of driftTest", () => {
  const noise = ar9(createRandom("effects"));
  it("tell the difference of means where the reference ended on a wrong day", () => {
    const wrong = (row: number) => row >= referenceRows - 24 && row < referenceRows;
    const values = noise.map((value, row) => value - (wrong(row) ? 17 : 0) + (row < referenceRows ? 0 : 2));
    const means = [0, referenceRows].map((from) => {
      const part = values.subarray(from, from === 0 ? referenceRows : allRows);
      return part.reduce((a, b) => a + b, 0) / part.length;
    }) as [number, number];
    const report = driftTest(window(values, 0, referenceRows), window(values, referenceRows, allRows), {
      time: "at",
      season: [24],
    });
    const level = report.columns[0]?.tests.find(({ test }) => test === "level");
    expect(level?.effect).toBeCloseTo(means[1] - means[0], 1);
  });
  it.each([8, 14, 20])("stay in reach of the values where %d rows have a part of a season alone", (rows) => {
    const random = createRandom("part of a season");
    const values = Float64Array.from({ length: allRows }, () => random.normal(20, 4));
    const report = driftTest(
      window(values, 0, referenceRows),
      window(values, referenceRows, referenceRows + rows),
      { time: "at", season: [24, 168] },
    );
    for (const { test, effect } of report.columns[0]?.tests ?? [])
      if (test === "level" || test === "season") expect(Math.abs(effect)).toBeLessThan(16);
  });
});

describe("driftTest on awkward windows", () => {
  const values = ar9(createRandom("awkward"));
  it("tests a series with a gap in every sixth row", () => {
    const keep = (row: number) => row % 6 !== 0;
    const report = driftTest(
      window(values, 0, referenceRows, keep),
      window(values, referenceRows, allRows, keep),
      { time: "at", season: [24], frequency: "1h" },
    );
    expect(report.untested).toEqual([]);
    expect(report.columns[0]?.tests.map((t) => t.test).sort()).toEqual([
      "autocorrelation",
      "level",
      "missingness",
      "scale",
      "season",
      "shape",
    ]);
  });
  it("says that nothing is known where no column could be tested", () => {
    const report = driftTest(
      window(values, 0, referenceRows),
      window(values, referenceRows, referenceRows + 1),
      {
        time: "at",
        season: [24],
      },
    );
    expect(report).toMatchObject({
      drift: null,
      counts: { tested: 0, drifting: 0, untested: 1 },
      columns: [],
    });
    expect(report.sentence).toMatch(
      /^Nothing could be tested, so nothing is known of drift: load: The windows are too short/,
    );
    const { verdict, reason } = driftDecision(report, { subject: "load", now: 0n, requestedBy: "test" });
    expect([verdict, reason]).toEqual(["untested", report.sentence]);
  });
  it("counts what was tested beside what was not, and lists columns that only the current window has", () => {
    const add = (columns: ReturnType<typeof window>, name: string, value: (row: number) => number) => ({
      ...columns,
      types: { ...columns.types, [name]: float64() },
      data: {
        ...columns.data,
        [name]: {
          kind: "float64" as const,
          values: Float64Array.from({ length: columns.length }, (_, i) => value(i)),
          valid: null,
        },
      },
    });
    const reference = add(window(values, 0, referenceRows), "empty", () => Number.NaN);
    const current = add(
      add(window(values, referenceRows, allRows), "empty", () => 1),
      "fresh",
      (i) => i,
    );
    const report = driftTest(reference, current, { time: "at", season: [24] });
    expect(report.counts).toEqual({ tested: 2, drifting: 1, untested: 1 });
    expect(report.untested).toEqual([
      { column: "fresh", reason: "Only the current window has this column." },
    ]);
    expect(report.sentence).toBe(
      "1 of 2 columns drifts at a false-discovery rate of 0.05, 1 could not be tested.",
    );
    expect(driftTest(reference, current, { time: "at", season: [24], columns: ["load"] }).untested).toEqual(
      [],
    );
  });
  it("tells numbers that are too large from missing ones", () => {
    const wild = values.map((value, row) => (row > referenceRows && row % 10 === 3 ? 1e300 : value));
    const report = driftTest(window(wild, 0, referenceRows), window(wild, referenceRows, allRows), {
      time: "at",
      season: [],
    });
    const found = report.columns[0]?.tests.find(({ test }) => test === "missingness");
    expect(found?.sentence).toMatch(/points more of load are missing or beyond 1e150/);
    const only = values.map((value, row) => (row < referenceRows ? value : -1e200));
    const all = driftTest(window(only, 0, referenceRows), window(only, referenceRows, allRows), {
      time: "at",
      season: [],
    });
    expect(all.columns[0]?.tests.map(({ test, sentence }) => [test, sentence])).toEqual([
      ["missingness", expect.stringMatching(/^100 points more of load are missing or beyond 1e150/)],
    ]);
    expect(report.drift && all.drift).toBe(true);
  });
  it("takes infinities, and values whose squares are none, as missing", () => {
    const wild = values.map((value, row) => (row % 20 === 3 ? 1e300 : row % 20 === 9 ? -Infinity : value));
    const report = driftTest(window(wild, 0, referenceRows), window(wild, referenceRows, allRows), {
      time: "at",
      season: [],
    });
    expect(report.columns[0]?.tests.map(({ test }) => test)).toContain("missingness");
    for (const { statistic, pValue } of report.columns[0]?.tests ?? [])
      expect([Number.isFinite(statistic), pValue >= 0 && pValue <= 1]).toEqual([true, true]);
  });
  it("refuses empty windows, unknown columns, other kinds and repeated times", () => {
    const reference = window(values, 0, referenceRows);
    const test = (current: ReturnType<typeof window>, columns?: string[]) => () =>
      driftTest(reference, current, { time: "at", season: [24], ...(columns && { columns }) });
    const refused = (message: string) =>
      expect.objectContaining({ code: "MONITOR_INVALID", message: expect.stringContaining(message) });
    expect(test(window(values, 0, 0))).toThrow(refused("no rows"));
    expect(test(reference, ["lod"])).toThrow(refused('no column "lod"'));
    const texts = columnsFromArrays({ at: timestamp(), load: utf8() }, { at: [start], load: ["a"] });
    expect(test(texts as never)).toThrow(refused("is float64 in the reference and utf8"));
    const twice = columnsFromArrays(
      { at: timestamp(), load: float64() },
      { at: [start, start], load: [1, 2] },
    );
    expect(test(twice)).toThrow(refused("share a 1h step"));
  });
});

describe("designEffect", () => {
  it("is (1 + phi) / (1 - phi) for a long AR(1)", () => {
    let value = 0;
    const random = createRandom("design");
    const values = Float64Array.from({ length: 400_000 }, () => {
      value = 0.5 * value + random.normal();
      return value;
    });
    expect(Math.abs(designEffect(values).factor - 3)).toBeLessThan(0.3);
    const independent = designEffect(values.map(() => random.normal()));
    expect(Math.abs(independent.factor - 1)).toBeLessThan(0.3);
  });
});
