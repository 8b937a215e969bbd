import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../../errors.ts";
import { createRandom } from "../../random.ts";
import {
  bool,
  type ColumnTypes,
  float64,
  int64,
  nullable,
  timestamp,
  utf8,
} from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import { emptyColumns, takeColumns } from "../../schema/reshape.ts";
import { toRows } from "../../schema/to-rows.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { absorbRows } from "../absorb.ts";
import { describeGaps, panel } from "./build-panel.ts";
import type { Panel } from "./panel.ts";
import { panelTail, panelToColumns, slicePanel } from "./panel-slices.ts";

const types = {
  city: utf8(),
  at: timestamp(),
  users: nullable(float64()),
  temp: nullable(float64()),
  sky: nullable(utf8()),
} satisfies ColumnTypes;
type Row = {
  city: string;
  at: string | bigint;
  users: number | null;
  temp?: number | null;
  sky?: string | null;
};
const rows = (...list: Row[]) => columnsFromRows(types, list as never);
const options = { keys: ["city"], time: "at", target: "users", frequency: "1h" } as const;
const at = (hour: number) => `2026-03-01T${String(hour).padStart(2, "0")}:00:00Z`;

function codeOf(run: () => unknown): {
  code: string;
  message: string;
  hint?: string | undefined;
  details: Readonly<Record<string, unknown>>;
} {
  try {
    run();
  } catch (error) {
    if (TsopsError.is(error)) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("panel", () => {
  it("of business days has no rows of weekends, and a row for a holiday", () => {
    const day = (date: number) => `2026-07-${String(date).padStart(2, "0")}T00:00:00Z`;
    const of = (...dates: number[]) =>
      panel(rows(...dates.map((date) => ({ city: "a", at: day(date), users: date }))), {
        ...options,
        frequency: "1b",
      });
    // The 3rd and the 10th are Fridays; the 8th is left out.
    const built = of(2, 3, 6, 7, 9, 10, 13);
    expect([...built.y]).toEqual([2, 3, 6, 7, Number.NaN, 9, 10, 13]);
    expect(describeGaps(built)).toMatch(/lacks 1 row from 2026-07-08/);
    const error = codeOf(() => of(2, 3, 4, 6));
    expect(error.message).toMatch(/do not lie on the grid of "1b" in UTC .* in row 2\.$/);
    expect(error.hint).toMatch(/^Business days are Mondays to Fridays: say "1d" where weekends have rows/);
  });

  it("sorts series by key and rows by time, fills gaps and reports them", () => {
    const built = panel(
      rows(
        { city: "b", at: at(4), users: 40, temp: 4, sky: "rain" },
        { city: "b", at: at(1), users: 10, temp: 1, sky: "mist" },
        { city: "a", at: at(2), users: null, temp: 2, sky: null },
        { city: "a", at: at(3), users: 30, temp: null, sky: "clear" },
      ),
      { ...options, knownFuture: ["temp"], pastOnly: ["sky"] },
    );
    expect(built.series).toEqual([{ city: "a" }, { city: "b" }]);
    expect([...built.offsets]).toEqual([0, 2, 6]);
    expect([...built.y]).toEqual([Number.NaN, 30, 10, Number.NaN, Number.NaN, 40]);
    expect([...(built.known[0]?.values ?? [])]).toEqual([2, Number.NaN, 1, Number.NaN, Number.NaN, 4]);
    expect(built.past[0]?.categories).toEqual(["clear", "mist", "rain"]);
    expect([...(built.past[0]?.values ?? [])]).toEqual([Number.NaN, 0, 1, Number.NaN, Number.NaN, 2]);
    expect([...built.times].map((time) => Number((time / 3_600_000_000n) % 24n))).toEqual([2, 3, 1, 2, 3, 4]);
    expect(built.gaps).toEqual([{ series: 1, from: built.times[3], steps: 2 }]);
    expect(describeGaps(built)).toBe('series {"city":"b"} lacks 2 rows from 2026-03-01T02:00:00Z');
  });

  it("does not depend on the order of rows, and comes back from its own columns", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 60 }), (seed, count) => {
        const random = createRandom(seed);
        const taken = new Set<string>();
        const list: Row[] = [];
        for (let i = 0; i < count; i++) {
          const row: Row = {
            city: random.uniform() < 0.5 ? "a" : "b",
            at: 3_600_000_000n * BigInt(random.integer(100)),
            users: random.uniform() < 0.1 ? null : random.normal(),
            temp: random.uniform() < 0.1 ? null : random.normal(),
            sky: ["clear", "rain", null][random.integer(3)] as string | null,
          };
          if (!taken.has(`${row.city}${row.at}`)) list.push(row);
          taken.add(`${row.city}${row.at}`);
        }
        const spec = { ...options, knownFuture: ["temp", "sky"] } as const;
        const columns = rows(...list);
        const built = panel(columns, spec);
        const order = random.shuffle(Int32Array.from({ length: list.length }, (_, i) => i));
        expect(panel(takeColumns(columns, order), spec)).toEqual(built);
        expect({ ...panel(panelToColumns(built), spec), gaps: built.gaps }).toEqual(built);
        const filled = built.gaps.reduce((sum, gap) => sum + gap.steps, 0);
        expect(built.times.length).toBe(list.length + filled);
      }),
    );
  });

  it("follows the calendar of its zone", () => {
    const zone = "Europe/Berlin";
    const days = ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30", "2026-03-31"];
    const columns = columnsFromRows(
      { at: timestamp({ zone }), y: int64() },
      days.filter((_, i) => i !== 2).map((day, i) => ({ at: `${day}T00:00`, y: BigInt(i) })),
    );
    const built = panel(columns, { time: "at", target: "y", frequency: "1d", zone });
    expect([...built.y]).toEqual([0, 1, Number.NaN, 2, 3]);
    expect(Number((built.times[3] as bigint) - (built.times[2] as bigint)) / 3.6e9).toBe(23);
    expect(codeOf(() => panel(columns, { time: "at", target: "y", frequency: "1d" })).message).toMatch(
      /do not lie on the grid of "1d" in UTC/,
    );
  });

  it.each([
    ["1mo", ["2026-01-31", "2026-02-28"], /^Months are told by their first day/],
    [
      "1w",
      ["2026-01-03", "2026-01-10"],
      /^Weeks are told by their Monday\. .* begin at 2025-12-29T00:00:00Z and 2026-01-05T00:00:00Z/,
    ],
    ["3mo", ["2026-03-31", "2026-06-30"], /^Months are told by their first day/],
    [
      "3mo",
      ["2026-02-01", "2026-05-01"],
      /^Steps of "3mo" begin at 2026-01-01T00:00:00Z and 2026-04-01T00:00:00Z.* moved onto them/,
    ],
    ["1y", ["2025-04-01", "2026-04-01"], /^Steps of "1y" begin at 2025-01-01T00:00:00Z and 2026-/],
    ["7d", ["2026-01-04", "2026-01-11"], /^Steps of "7d" begin at 2025-12-29T00:00:00Z and 2026-01-05T/],
    ["1d", ["2026-01-03T01:00Z", "2026-01-04T01:00Z"], /^Round the times/],
  ])("says how %s is told where times are off its grid", (frequency, days, hint) => {
    const at = days.map((day) => (day.includes("T") ? day : `${day}T00:00Z`));
    const columns = columnsFromRows(
      { at: timestamp(), y: int64() },
      at.map((time) => ({ at: time, y: 1n })),
    );
    expect(codeOf(() => panel(columns, { time: "at", target: "y", frequency })).hint).toMatch(hint);
  });

  it("takes integers and booleans as keys, targets and covariates", () => {
    const columns = columnsFromArrays(
      { id: int64(), active: bool(), at: timestamp(), y: bool(), n: int64() },
      {
        id: [9n, 9n, 10n],
        active: [true, false, true],
        at: new BigInt64Array(3),
        y: [true, false, true],
        n: [1n, 2n, 3n],
      },
    );
    const built = panel(columns, {
      keys: ["id", "active"],
      time: "at",
      target: "y",
      frequency: "1h",
      pastOnly: ["n"],
    });
    expect(built.series).toEqual([
      { id: 9n, active: false },
      { id: 9n, active: true },
      { id: 10n, active: true },
    ]);
    expect([...built.y]).toEqual([0, 1, 1]);
    expect(toRows(panelToColumns(built)).map((row) => [row["id"], row["active"], row["n"]])).toEqual([
      [9n, false, 2],
      [9n, true, 1],
      [10n, true, 3],
    ]);
  });

  it("refuses bad input and names the rows", () => {
    const good = { city: "a", at: at(1), users: 1 };
    const duplicates = codeOf(() => panel(rows(good, { ...good, at: at(2) }, good, good), options));
    expect(duplicates.code).toBe("PANEL_INVALID");
    expect(duplicates.details["rows"]).toEqual([0, 2, 3]);
    expect(duplicates.message).toMatch(/"a".*2026-03-01T01:00:00Z.*rows 0, 2 and 3/);

    const off = codeOf(() => panel(rows(good, { ...good, at: "2026-03-01T02:30:00Z" }), options));
    expect(off.message).toMatch(/grid of "1h".*02:30.*row 1/);
    const infinite = codeOf(() => panel(rows(good, { ...good, at: at(2), users: -Infinity }), options));
    expect(infinite.message).toMatch(/infinite in row 1/);
    const hot = { ...good, at: at(2), temp: Infinity };
    for (const role of ["knownFuture", "pastOnly", "static"] as const) {
      const vast = codeOf(() => panel(rows(good, hot), { ...options, [role]: ["temp"] }));
      expect(vast.code).toBe("PANEL_INVALID");
      expect(vast.message).toMatch(/column "temp" is infinite in row 1\.$/);
      expect(vast.details).toMatchObject({ rows: [1], count: 1 });
    }
    const longer = panel(rows(good), { ...options, knownFuture: ["temp"] });
    expect(codeOf(() => absorbRows(longer, rows(hot))).message).toMatch(/"temp" is infinite in row 0/);
    const large = codeOf(() =>
      panel(rows({ ...good, users: 1e150 }, { ...good, at: at(2), users: -2e150 }), options),
    );
    expect(large.code).toBe("PANEL_INVALID");
    expect(large.message).toMatch(/"users" is beyond 1e\+150 in size in row 1/);
    expect(codeOf(() => panel(emptyColumns(types), options)).message).toMatch(/no rows/);
    const vast = codeOf(() => panel(rows(good, { ...good, at: "2926-03-01T00:00:00Z" }), options));
    expect(vast.message).toMatch(/2 rows would need \d+ more.*2026-03-01T02:00:00Z/);
  });

  it("refuses columns that are not there, of the wrong kind, null or named twice", () => {
    const columns = rows({ city: "a", at: at(1), users: 1 });
    const nothing = "nothing" as never;
    expect(codeOf(() => panel(columns, { ...options, target: nothing })).code).toBe("COLUMN_NOT_FOUND");
    expect(codeOf(() => panel(columns, { ...options, target: "usres" as never })).hint).toMatch(
      /^Did you mean "users"\? There are city, /,
    );
    expect(codeOf(() => panel(columns, { ...options, target: "sky" as never })).code).toBe("SCHEMA_MISMATCH");
    expect(codeOf(() => panel(columns, { ...options, knownFuture: ["users"] })).message).toMatch(
      /"users" is given two roles/,
    );
    expect(codeOf(() => panel(columns, { ...options, frequency: "1 hour" as string })).code).toBe(
      "FREQUENCY_INVALID",
    );
    const nullKey = columnsFromRows({ ...types, city: nullable(utf8()) }, [
      { city: null, at: at(1), users: 1 },
    ]);
    expect(codeOf(() => panel(nullKey, options)).message).toMatch(/"city" is null in row 0/);
    const big = columnsFromArrays(
      { at: timestamp(), y: int64() },
      { at: new BigInt64Array(1), y: [2n ** 60n] },
    );
    expect(codeOf(() => panel(big, { time: "at", target: "y", frequency: "1h" })).message).toMatch(
      /beyond 2\^53 in row 0/,
    );
  });
});

describe("slicePanel", () => {
  const built = panel(
    rows(
      ...[1, 2, 5, 6].map((hour) => ({ city: "a", at: at(hour), users: hour })),
      ...[4, 5].map((hour) => ({ city: "b", at: at(hour), users: -hour })),
    ),
    options,
  );

  it("keeps both ends, drops series without rows and cuts gaps", () => {
    const cut = slicePanel(built, { from: at(2), until: at(3) });
    expect(cut.series).toEqual([{ city: "a" }]);
    expect([...cut.y]).toEqual([2, Number.NaN]);
    expect(cut.gaps).toEqual([{ series: 0, from: cut.times[1], steps: 1 }]);
    expect(slicePanel(built, { until: at(0) }).series).toEqual([]);
    expect([...slicePanel(built, { from: at(5) }).y]).toEqual([5, 6, -5]);
    expect(slicePanel(built, {})).toEqual(built);
  });

  it("gives the last rows of each series", () => {
    expect([...panelTail(built, 2).y]).toEqual([5, 6, -4, -5]);
  });
});

describe("absorbing rows", () => {
  it("gives the tail of the panel of all rows, however they are cut and repeated", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 30 }),
        (seed, pieces, depth) => {
          const random = createRandom(seed);
          const frequency = parseFrequency("1h");
          const list: Row[] = [];
          for (const city of ["a", "b"])
            for (let cell = random.integer(5); cell < 40; cell++)
              if (random.uniform() < 0.8)
                list.push({
                  city,
                  at: frequency.instantAt(cell),
                  users: random.uniform() < 0.2 ? null : cell,
                  sky: `s${random.integer(4)}`,
                  temp: cell,
                });
          const spec = { ...options, knownFuture: ["temp", "sky"] } as const;
          const cuts = [
            20,
            ...Array.from({ length: pieces }, () => random.integer(20, 40)).sort((a, b) => a - b),
            40,
          ];
          const between = (from: number, until: number) =>
            rows(
              ...list.filter((row) => {
                const cell = frequency.indexOf(row.at as bigint);
                return cell >= from && cell < until;
              }),
            );
          const first = between(0, 20);
          fc.pre(new Set(toRows(first).map((row) => row.city)).size === 2);
          let history: Panel = panelTail(panel(first, spec), depth);
          for (let i = 1; i < cuts.length; i++)
            history = absorbRows(
              history,
              between(Math.max(20, (cuts[i - 1] as number) - 2), cuts[i] as number),
              depth,
            );
          const expected = panelTail(panel(rows(...list), spec), depth);
          expect(history.times).toEqual(expected.times);
          expect(history.y).toEqual(expected.y);
          expect(history.offsets).toEqual(expected.offsets);
          expect(history.known[0]).toEqual(expected.known[0]);
          const texts = (one: Panel) =>
            Array.from(one.known[1]?.values ?? [], (code) => one.known[1]?.categories?.[code]);
          expect(texts(history)).toEqual(texts(expected));
        },
      ),
    );
  });

  it("fills in values that arrive late, and refuses to change others", () => {
    const history = panel(
      rows({ city: "a", at: at(1), users: 1 }, { city: "a", at: at(3), users: 3 }),
      options,
    );
    expect([...absorbRows(history, rows({ city: "a", at: at(2), users: 2 })).y]).toEqual([1, 2, 3]);
    expect([...absorbRows(history, rows({ city: "a", at: at(3), users: null })).y]).toEqual([
      1,
      Number.NaN,
      3,
    ]);
    const conflict = codeOf(() => absorbRows(history, rows({ city: "a", at: at(3), users: 4 })));
    expect(conflict.code).toBe("PANEL_INVALID");
    expect(conflict.message).toMatch(/contradict.*"a".*03:00/);
  });

  it("refuses a row so far ahead that its time must be wrong", () => {
    const history = panel(rows({ city: "a", at: at(1), users: 1 }), options);
    const error = codeOf(() =>
      absorbRows(history, rows({ city: "a", at: "2926-03-01T00:00:00Z", users: 1 })),
    );
    expect(error.message).toMatch(/widest gap begins at 2026-03-01T02:00:00Z/);
  });

  it("lists keys that it does not know", () => {
    const history = panel(rows({ city: "a", at: at(1), users: 1 }), options);
    const error = codeOf(() =>
      absorbRows(history, rows({ city: "c", at: at(2), users: 1 }, { city: "d", at: at(2), users: 1 })),
    );
    expect(error.code).toBe("KEY_UNKNOWN");
    expect(error.message).toMatch(/2 keys were never seen.*"c".*"d"/);
  });
});
