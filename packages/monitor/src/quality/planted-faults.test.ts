import { fc, test } from "@fast-check/vitest";
import {
  type CheckQuality,
  type Columns,
  columnsFromArrays,
  columnsFromRows,
  createRandom,
  float64,
  int64,
  type LearnQuality,
  nullable,
  takeColumns,
  timestamp,
  toMicros,
  utf8,
} from "@tsops/core";
import { describe, expect, it } from "vitest";
import { checkQuality, type QualityOptions } from "./check-quality.ts";
import type { QualityCheck, QualityFinding } from "./finding.ts";
import { learnQuality } from "./learn-quality.ts";
import type { QualityRules } from "./rules.ts";

const hour = 3_600_000_000n;
const start = toMicros("2024-01-01T00:00:00Z");
const table = { keys: ["site"], eventTime: "at" };
const weeks = (count: number) => 168 * count;

interface Site {
  times: bigint[];
  values: (number | null)[];
}

/** Hourly load of an office: high by day, lower at weekends, one decimal. */
function site(from: number, length: number, seed: string, level = 100): Site {
  const random = createRandom(seed);
  let noise = 0;
  const times: bigint[] = [];
  const values: number[] = [];
  for (let i = from; i < from + length; i++) {
    noise = 0.7 * noise + random.normal(0, 0.03 * level);
    const ofDay = i % 24;
    const day = Math.floor(i / 24) % 7;
    const shape = Math.exp(-((ofDay - 9) ** 2) / 8) + 0.6 * Math.exp(-((ofDay - 17) ** 2) / 6);
    times.push(start + hour * BigInt(i));
    values.push(Math.round(10 * (level * (1 + shape * (day >= 5 ? 0.4 : 1)) + noise)) / 10);
  }
  return { times, values };
}

function rowsOf(sites: Readonly<Record<string, Site>>): Columns {
  const names = Object.keys(sites);
  const all = Object.values(sites);
  return columnsFromArrays(
    { site: utf8(), at: timestamp(), mw: nullable(float64({ unit: "MW" })), mode: utf8() },
    {
      site: names.flatMap((name) => (sites[name] as Site).times.map(() => name)),
      at: BigInt64Array.from(all.flatMap(({ times }) => times)),
      mw: all.flatMap(({ values }) => values),
      mode: all.flatMap(({ times }) => times.map((_, i) => (i % 3 === 0 ? "auto" : "manual"))),
    },
  );
}

const reference = rowsOf({
  a: site(0, weeks(6), "a", 100),
  b: site(0, weeks(6), "b", 2000),
  c: site(0, weeks(6), "c", 40),
});
const rules = learnQuality(reference, { table });
const fresh = (seed: string, length = weeks(2)) => ({
  a: site(weeks(6), length, `${seed} a`, 100),
  b: site(weeks(6), length, `${seed} b`, 2000),
  c: site(weeks(6), length, `${seed} c`, 40),
});
const check = (sites: Readonly<Record<string, Site>>, options: Partial<QualityOptions> = {}) =>
  checkQuality(rowsOf(sites), { rules, ...options });
const only = (findings: readonly QualityFinding[], name: QualityCheck) =>
  findings.filter((one) => one.check === name);

describe("rules of a reference", () => {
  it("are plain JSON, and find nothing in more of the same", () => {
    const read = JSON.parse(JSON.stringify(rules)) as typeof rules;
    expect(read).toEqual(rules);
    expect(rules).toMatchObject({ frequency: "1h", maxAge: "3h", keys: ["site"], reference: { series: 3 } });
    expect(rules.columns["mw"]).toMatchObject({
      unit: "MW",
      numbers: { decimals: 1, isNeverNegative: true },
    });
    expect(rules.columns["mode"]).toMatchObject({ texts: ["auto", "manual"] });
    for (let i = 0; i < 20; i++)
      expect(check(fresh(`same ${i}`), { rules: read, now: start + hour * BigInt(weeks(8)) })).toEqual([]);
  });

  it("are hardly moved by outliers of the reference", () => {
    const spoilt = site(0, weeks(6), "a", 100);
    for (let i = 50; i < spoilt.values.length; i += 100) spoilt.values[i] = 1e6;
    const learnt = learnQuality(rowsOf({ a: spoilt }), { table }).columns["mw"]?.numbers;
    const clean = learnQuality(rowsOf({ a: site(0, weeks(6), "a", 100) }), { table }).columns["mw"]?.numbers;
    expect(learnt?.possible[1]).toBeLessThan(2 * (clean?.possible[1] ?? 0));
  });

  it("can be edited, and what is no rule is refused by name", () => {
    const edited = structuredClone(rules) as { columns: Record<string, { numbers: unknown }> };
    (edited.columns["mw"] as { numbers: unknown }).numbers = null;
    const data = fresh("edited");
    data.a.values[7] = 99_999;
    expect(check(data, { rules: edited as unknown as typeof rules })).toEqual([]);
    (edited.columns["mw"] as { numbers: unknown }).numbers = {
      ...rules.columns["mw"]?.numbers,
      usual: [3, 1],
    };
    expect(() => check(data, { rules: edited as unknown as typeof rules })).toThrow(
      /"usual" of mw is \[3,1\]/,
    );
    expect(() => checkQuality(rowsOf(data), {})).toThrow(/Neither `table` nor `rules`/);
    expect(() => check(data, { table: { keys: [], eventTime: "at" } })).toThrow(
      /learnt of a table with keys site/,
    );
  });

  it("of empty, constant and one row are rules too", () => {
    const none = rowsOf({});
    const learnt = learnQuality(none, { table });
    expect(learnt).toMatchObject({ frequency: null, reference: { rows: 0, from: null } });
    expect(checkQuality(none, { rules: learnt })).toMatchObject([{ check: "empty" }]);
    const one = rowsOf({ a: site(0, 1, "one") });
    expect(checkQuality(one, { rules: learnQuality(one, { table }) })).toEqual([]);
    const flat = site(0, weeks(2), "flat");
    flat.values.fill(5);
    const constant = rowsOf({ a: flat });
    expect(checkQuality(constant, { rules: learnQuality(constant, { table }) })).toEqual([]);
  });
});

describe("a planted fault is found with its rows", () => {
  const place = fc.integer({ min: 30, max: weeks(2) - 60 });

  test.prop([place, fc.constantFrom(1000, 1 / 1000, 100)], { numRuns: 25 })(
    "another unit",
    (from, factor) => {
      const data = fresh("unit");
      for (let i = from; i < from + 30; i++) data.a.values[i] = factor * (data.a.values[i] as number);
      const findings = check(data);
      expect(findings[0]).toMatchObject({
        check: "unit",
        severity: "error",
        column: "mw",
        key: { site: "a" },
      });
      expect(findings[0]?.rows[0]).toBe(from);
      expect(findings[0]?.count).toBe(30);
      expect(only(findings, "range")).toEqual([]);
      expect(checkQuality(rowsOf(data), { table })[0]).toMatchObject({
        check: "unit",
        count: 30,
        key: { site: "a" },
      });
    },
  );

  test.prop([place, fc.constantFrom(-999, -9999, 99_999)], { numRuns: 15 })(
    "a number for no value",
    (from, sentinel) => {
      const data = fresh("sentinel");
      data.a.values[from] = sentinel;
      data.a.values[from + 20] = sentinel;
      expect(check(data)).toMatchObject([
        { check: "sentinel", severity: "error", count: 2, rows: [from, from + 20] },
      ]);
    },
  );

  test.prop([place], { numRuns: 15 })("the other sign", (from) => {
    const data = fresh("sign");
    for (let i = from; i < from + 10; i++) data.c.values[i] = -(data.c.values[i] as number);
    const first = 2 * weeks(2) + from;
    expect(check(data)[0]).toMatchObject({
      check: "sign",
      severity: "error",
      count: 10,
      key: { site: "c" },
    });
    expect(check(data)[0]?.rows[0]).toBe(first);
  });

  test.prop([place], { numRuns: 15 })(
    "a value far away, and a spike within the range of other series",
    (at) => {
      const data = fresh("spike");
      data.a.values[at] = 1733;
      expect(check(data)).toMatchObject([{ check: "range", severity: "error", count: 1, rows: [at] }]);
    },
  );

  test.prop([place], { numRuns: 15 })("a value that stands still", (from) => {
    const data = fresh("frozen");
    data.a.values.fill(123.4, from, from + 20);
    expect(only(check(data), "frozen")).toMatchObject([{ severity: "warning", count: 20, rows: [from] }]);
    // The reference has no zeros, so these are no quiet nights.
    data.a.values.fill(0, from, from + 20);
    expect(only(check(data), "frozen")).toMatchObject([{ count: 20, rows: [from] }]);
  });

  it("whole numbers where there was a decimal", () => {
    const data = fresh("rounded");
    data.b.values = data.b.values.map((value, i) => (i < 100 ? value : Math.round(value as number)));
    expect(check(data)).toMatchObject([{ check: "rounding", severity: "warning", key: { site: "b" } }]);
  });

  it("values cut off at a greatest one", () => {
    const data = fresh("cut");
    data.a.values = data.a.values.map((value) => Math.min(value as number, 150));
    expect(only(check(data), "saturation")).toMatchObject([{ severity: "warning", key: { site: "a" } }]);
  });

  it("nulls and texts that never were", () => {
    const data = fresh("nulls");
    data.a.values[5] = null;
    expect(check(data)).toMatchObject([
      {
        check: "missing",
        severity: "warning",
        sentence: "mw is missing in 1 of 1008 rows (0.0992 %), and the reference has no null.",
      },
    ]);
    const rows = rowsOf(fresh("texts"));
    const mode = rows.data["mode"] as Extract<Columns["data"][string], { kind: "utf8" }>;
    const dictionary = mode.dictionary.map((text) => (text === "auto" ? "Auto " : text));
    const changed = { ...rows, data: { ...rows.data, mode: { ...mode, dictionary } } };
    expect(checkQuality(changed, { rules })).toMatchObject([
      { check: "category", cause: 'They are written differently: "Auto " for "auto".' },
    ]);
  });
});

describe("times", () => {
  test.prop([fc.integer({ min: 4, max: 9 }), fc.constantFrom(-8, -5, -2, 2, 6, 11)], { numRuns: 20 })(
    "a day that is moved by hours is found from its day on, with and without rules",
    (day, shift) => {
      const moved = (seed: string, length: number, from: number): Site => {
        const plain = site(weeks(6), length + 24, seed, 100);
        return {
          times: plain.times.slice(12, length),
          values: plain.times
            .slice(12, length)
            .map((_, i) => plain.values[i + 12 + (i + 12 >= from ? -shift : 0)] as number),
        };
      };
      const data = { ...fresh("zone"), a: moved("zone a", weeks(2), 24 * day) };
      const [finding] = only(check(data), "zone_jump");
      expect(finding).toMatchObject({ severity: "error", column: "mw", key: { site: "a" } });
      expect(finding?.sentence).toContain(
        `looks ${Math.abs(shift)} hours ${shift > 0 ? "later" : "earlier"}`,
      );
      expect(finding?.rows[0]).toBe(24 * day - 12);
      const long = rowsOf({ a: moved("zone long", weeks(4), 24 * 2 * day) });
      expect(only(checkQuality(long, { table }), "zone_jump")).toMatchObject([
        { rows: expect.arrayContaining([24 * 2 * day - 12]) },
      ]);
    },
  );

  it("a clock that is 7 minutes late, and one that was set back", () => {
    const late = fresh("late");
    for (let i = 200; i < late.a.times.length; i++)
      late.a.times[i] = (late.a.times[i] as bigint) + 420_000_000n;
    const [finding] = only(check(late), "clock_jump");
    expect(finding).toMatchObject({ severity: "error", count: weeks(2) - 200 });
    expect(finding?.sentence).toContain("is 7m after the step of 1h");
    expect(only(check(late), "off_grid")).toEqual([]);
    const back = fresh("back");
    for (let i = 200; i < back.a.times.length; i++) back.a.times[i] = (back.a.times[i] as bigint) - 3n * hour;
    expect(only(check(back), "clock_jump")).toMatchObject([
      { rows: [200, 201, 202, 203, 204], severity: "error" },
    ]);
  });

  it("rows that come late, one or several, are unsorted and no clock that was set back", () => {
    for (const count of [1, 2, 8]) {
      const late = fresh("late rows");
      for (const list of [late.a.times, late.a.values] as unknown[][])
        list.splice(300, 0, ...list.splice(100, count));
      const findings = check(late);
      expect(only(findings, "clock_jump")).toEqual([]);
      expect(only(findings, "unsorted")).toMatchObject([{ severity: "info", count }]);
    }
  });

  it("rows that come every second hour, and every half hour", () => {
    const coarse = fresh("coarse");
    const every = <T>(list: T[]) => list.filter((_, i) => i % 2 === 0);
    const a = { times: every(coarse.a.times), values: every(coarse.a.values) };
    expect(only(check({ a, b: coarse.b, c: coarse.c }), "frequency")).toMatchObject([
      { severity: "warning", key: { site: "a" } },
    ]);
    const fine = {
      times: coarse.a.times.map((_, i) => start + (hour / 2n) * BigInt(i)),
      values: coarse.a.values,
    };
    expect(only(checkQuality(rowsOf({ a: fine }), { rules }), "frequency")).toMatchObject([
      { severity: "error", sentence: expect.stringContaining("30 minutes apart") },
    ]);
  });

  it("the hour that a wall clock leaves out in spring and repeats in autumn", () => {
    const year = site(0, weeks(52), "wall", 100);
    const spring = start + hour * BigInt(24 * 90 + 2); // 2024-03-31T02:00
    const autumn = start + hour * BigInt(24 * 300 + 2); // 2024-10-27T02:00
    const times = year.times.flatMap((time) =>
      time === spring ? [] : time === autumn ? [time, time] : [time],
    );
    const data = rowsOf({
      a: { times, values: times.map((_, i) => year.values[i % year.values.length] as number) },
    });
    expect(only(checkQuality(data, { table, frequency: "1h" }), "daylight_saving")).toMatchObject([
      { severity: "warning", count: 2, sentence: expect.stringContaining("on European days") },
    ]);
    const gap = rowsOf({
      a: { times: year.times.filter((_, i) => i !== 500), values: year.values.slice(1) },
    });
    expect(only(checkQuality(gap, { table, frequency: "1h" }), "daylight_saving")).toEqual([]);
  });
});

describe("keys and columns", () => {
  it("new, vanished, rewritten and stopped series", () => {
    const data = fresh("keys");
    const stopped = { times: data.b.times.slice(0, 200), values: data.b.values.slice(0, 200) };
    const found = check({ " A": data.a, b: stopped, d: data.c, e: data.c });
    expect(only(found, "key_format")).toMatchObject([
      { severity: "error", sentence: expect.stringContaining('{"site":" A"} for {"site":"a"}') },
    ]);
    expect(only(found, "vanished_key")).toMatchObject([{ key: { site: "c" }, count: 1 }]);
    expect(only(found, "new_key")).toMatchObject([{ count: 2 }]);
    expect(only(found, "stopped_key")).toMatchObject([{ key: { site: "b" }, rows: [weeks(2) + 199] }]);
  });

  it("are told as values by column, whole numbers that no double holds as texts", () => {
    const types = { id: int64(), name: utf8(), at: timestamp(), mw: float64() };
    const rowsOfKey = (id: bigint, name: string) =>
      Array.from({ length: 50 }, (_, i) => ({ id, name, at: hour * BigInt(i), mw: i % 7 }));
    const rows = [...rowsOfKey(5n, 'say "6n", 7n'), ...rowsOfKey(9_007_199_254_740_993n, "b")];
    const keyed = { keys: ["id", "name"], eventTime: "at" };
    const both = learnQuality(columnsFromRows(types, rows), { table: keyed });
    const keysWithout = (from: number, to: number) =>
      only(checkQuality(columnsFromRows(types, rows.slice(from, to)), { rules: both }), "vanished_key").map(
        ({ key }) => key,
      );
    expect(keysWithout(0, 50)).toEqual([{ id: "9007199254740993", name: "b" }]);
    expect(keysWithout(50, 100)).toEqual([{ id: 5, name: 'say "6n", 7n' }]);
  });

  it("zeros in front, without rules two spellings of one key", () => {
    const known = learnQuality(rowsOf({ "007": site(0, 300, "x"), "012": site(0, 300, "y") }), { table });
    const found = checkQuality(rowsOf({ "7": site(0, 300, "x"), "12": site(0, 300, "y") }), { rules: known });
    expect(only(found, "key_format")).toMatchObject([{ count: 2 }]);
    expect(only(found, "vanished_key")).toEqual([]);
    expect(
      only(checkQuality(rowsOf({ A: site(0, 9, "x"), "a ": site(0, 9, "y") }), { table }), "key_format"),
    ).toMatchObject([{ severity: "warning", count: 1 }]);
  });

  it("columns that are missing, renamed, new, or of another type", () => {
    const rows = rowsOf(fresh("schema"));
    const texts = columnsFromArrays(
      { site: utf8(), at: timestamp(), MW: float64(), mode: utf8(), note: utf8() },
      {
        site: ["a", "b", "c"],
        at: BigInt64Array.from([0, 0, 0], () => start),
        MW: [1, 2, 3],
        mode: ["auto", "auto", "auto"],
        note: ["", "", ""],
      },
    );
    expect(only(checkQuality(texts, { rules }), "schema")).toMatchObject([
      { column: "mw", severity: "error", cause: "It is called MW now." },
      { column: null, severity: "info", count: 2 },
    ]);
    const mw = {
      kind: "utf8",
      codes: Int32Array.from({ length: rows.length }, (_, i) => (i === 4 ? 1 : 0)),
      dictionary: ["12.5", "n/a"],
      valid: null,
    } as const;
    const asText: Columns = { ...rows, types: { ...rows.types, mw: utf8() }, data: { ...rows.data, mw } };
    expect(only(checkQuality(asText, { rules }), "schema")).toMatchObject([
      { column: "mw", severity: "error", count: 1, rows: [4], cause: expect.stringContaining('"n/a"') },
    ]);
  });
});

describe("findings", () => {
  it("are what the command reads", () => {
    const learn: LearnQuality<QualityRules> = learnQuality;
    const checkRows: CheckQuality<QualityRules> = checkQuality;
    expect(
      checkRows(reference, { table, zone: "UTC", rules: learn(reference, { table, zone: "UTC" }) }),
    ).toEqual([]);
  });

  test.prop([fc.integer({ min: 0, max: 1e6 })], { numRuns: 10 })(
    "do not depend on the order of the rows",
    (seed) => {
      const data = fresh("order");
      for (let i = 100; i < 130; i++) data.a.values[i] = 1000 * (data.a.values[i] as number);
      data.b.values[50] = -999;
      data.c.times.splice(20, 5);
      data.c.values.splice(20, 5);
      const rows = rowsOf(data);
      const random = createRandom(seed);
      const order = Int32Array.from({ length: rows.length }, (_, i) => i);
      for (let i = order.length - 1; i > 0; i--) {
        const other = random.integer(i + 1);
        [order[i], order[other]] = [order[other] as number, order[i] as number];
      }
      const said = (findings: readonly QualityFinding[]) =>
        findings.filter(({ check: name }) => name !== "unsorted").map(({ rows: _, ...rest }) => rest);
      const shuffled = checkQuality(takeColumns(rows, order), { rules });
      expect(new Set(said(shuffled).map((one) => JSON.stringify(one)))).toEqual(
        new Set(said(checkQuality(rows, { rules })).map((one) => JSON.stringify(one))),
      );
    },
  );

  it("are JSON, the worst first, each with a reason, a cause and a hint", () => {
    const data = fresh("json");
    data.a.values[5] = null;
    data.b.values[9] = -999;
    const findings = check(data);
    expect(JSON.parse(JSON.stringify(findings))).toEqual(findings);
    expect(findings.map(({ severity }) => severity)).toEqual(["error", "warning"]);
    for (const { reason, cause, hint, from } of findings) {
      expect([reason, cause, hint].every((text) => text.length > 10)).toBe(true);
      expect(from).toMatch(/Z$/);
    }
  });
});
