import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fc, test } from "@fast-check/vitest";
import {
  type Columns,
  type ColumnTypes,
  createRandom,
  float64,
  int64,
  nullable,
  type Table,
  table,
  timestamp,
  toRows,
  utf8,
} from "@tsops/core";
import { memorySource, type SourceRow } from "@tsops/core/testing/source";
import { describe, expect, it } from "vitest";
import { scratch, steppingClock } from "../../test/delta/scratch.ts";
import { createTable, type DeltaTable, openTable } from "../delta/table.ts";
import { type SyncOptions, type SyncProgress, sync } from "./sync.ts";

const { directory, engine } = scratch();
const minute = 60_000_000n;
const start = 1_700_000_000_000_000n;

const load = table({
  name: "load",
  columns: {
    station: utf8(),
    at: timestamp(),
    mw: nullable(float64()),
    n: nullable(int64()),
    note: nullable(utf8()),
  },
  keys: ["station"],
  eventTime: "at",
});

const row = (minutes: number, mw: number | null = 1, rest: Partial<SourceRow> = {}): SourceRow => ({
  station: "a",
  at: start + BigInt(minutes) * minute,
  mw,
  n: null,
  note: null,
  ...(rest as SourceRow),
});

async function target(definition: Table = load): Promise<DeltaTable> {
  return createTable(await directory(), definition, { engine: engine() });
}

const run = (source: ReturnType<typeof memorySource>, to: DeltaTable, options: Partial<SyncOptions> = {}) =>
  sync(source, to, { lateness: "10m", engine: engine(), ...options });

async function held(
  to: DeltaTable,
  columns: readonly string[] = Object.keys(load.columns),
): Promise<string[]> {
  const read = (await (await to.snapshot()).read({ columns: columns as never })) as unknown as Columns;
  return textsOf(toRows(read as Columns<ColumnTypes>, { timestamps: "micros" }) as unknown as SourceRow[]);
}

/** Rows as texts, sorted; -0 is written 0: the comparison takes them for equal, too. */
function textsOf(rows: readonly SourceRow[]): string[] {
  return rows.map(textOf).sort();
}

function textOf(one: SourceRow): string {
  return Object.values(one)
    .map((value) => (typeof value === "string" ? JSON.stringify(value) : String(value)))
    .join(" ");
}

describe("sync takes a source's rows into a table", () => {
  it("all at first, then what is new, and says what it did", async () => {
    const source = memorySource({ table: load, rows: [row(0), row(1), row(2)] });
    const to = await target();
    expect(await run(source, to)).toEqual({
      read: 3,
      taken: 3,
      repeated: 0,
      late: 0,
      watermark: start + 2n * minute,
      versions: [1],
    });
    source.insert([row(3), row(1, 7)]);
    expect(await run(source, to)).toEqual({
      read: 5,
      taken: 2,
      repeated: 3,
      late: 1,
      watermark: start + 3n * minute,
      versions: [2],
    });
    expect(await held(to)).toEqual(textsOf([row(0), row(1), row(1, 7), row(2), row(3)]));
  });

  it("repeats change nothing: no commit is made", async () => {
    const source = memorySource({ table: load, rows: [row(0), row(0), row(5)] });
    const to = await target();
    await run(source, to);
    expect(await run(source, to)).toMatchObject({ read: 3, taken: 0, repeated: 3, versions: [] });
    expect((await to.snapshot()).version).toBe(1);
  });

  it("keeps a row as often as the source does, also when its copies come later or in another commit", async () => {
    const source = memorySource({ table: load, rows: [row(0), row(0), row(0)], batchRows: 1 });
    const to = await target();
    expect((await run(source, to, { commitRows: 1 })).taken).toBe(3);
    source.insert([row(0)]);
    expect(await run(source, to)).toMatchObject({ taken: 1, repeated: 3 });
    expect(await held(to)).toHaveLength(4);
  });

  it("does not see rows that are later than lateness; full finds them", async () => {
    const source = memorySource({ table: load, rows: [row(0), row(30)] });
    const to = await target();
    await run(source, to);
    source.insert([row(19), row(20)]);
    expect(await run(source, to)).toMatchObject({ read: 2, taken: 1, late: 1 });
    expect(await run(source, to, { full: true })).toMatchObject({
      read: 4,
      taken: 1,
      repeated: 3,
      late: 1,
      watermark: start + 30n * minute,
    });
  });

  it("a row dated in the future does not move the watermark, so a feed that lags behind loses nothing", async () => {
    const source = memorySource({ table: load, rows: [row(0), row(60 * 24 * 365 * 50)] });
    const to = await target();
    const clock = steppingClock(start + 5n * minute);
    expect((await run(source, to, { clock })).watermark).toBe(start);
    source.insert([row(3)]);
    expect(await run(source, to, { clock })).toMatchObject({ taken: 1, late: 0 });
  });

  it("begins where it is told to and ends there", async () => {
    const source = memorySource({ table: load, rows: [row(0), row(20), row(40), row(60)] });
    const to = await target();
    const watermark = start + 30n * minute;
    expect(await run(source, to, { watermark, end: start + 60n * minute })).toMatchObject({
      read: 2,
      late: 1,
    });
    expect(await held(to)).toEqual(textsOf([row(20), row(40)]));
  });

  it("stands at a watermark before 1970 and reads all when it would lie before what a log can say", async () => {
    const source = memorySource({ table: load, rows: [row(-60 * 24 * 365 * 100)] });
    const to = await target();
    const { watermark } = await run(source, to);
    expect(watermark).toBeLessThan(0n);
    expect((await run(source, to)).watermark).toBe(watermark);
    const ancient = memorySource({ table: load, rows: [row(-60 * 24 * 365 * 500)] });
    expect((await run(ancient, await target())).watermark).toBeNull();
  });

  it("two sources in one table have a position each", async () => {
    const [a, b] = [row(100), row(0, 1, { station: "b" })].map((one) =>
      memorySource({ table: load, rows: [one] }),
    ) as [ReturnType<typeof memorySource>, ReturnType<typeof memorySource>];
    const to = await target();
    await run(a, to, { name: "a" });
    expect(await run(b, to, { name: "b" })).toMatchObject({ taken: 1, late: 0, watermark: start });
    a.insert([row(101)]);
    expect(await run(a, to, { name: "a" })).toMatchObject({ read: 2, taken: 1 });
  });
});

describe("a table of another tool, whose types are narrower", () => {
  it("is compared as it stores values: repeats change nothing", async () => {
    const made = await target();
    const log = join(made.directory, "_delta_log", "00000000000000000000.json");
    const text = await readFile(log, "utf8");
    expect(text).toContain('\\"type\\":\\"double\\"');
    const narrower = text.replace('\\"type\\":\\"double\\"', '\\"type\\":\\"float\\"');
    await writeFile(log, narrower.replace('\\"type\\":\\"long\\"', '\\"type\\":\\"short\\"'));
    const to = await openTable(made.directory, { engine: engine(), definition: load as Table });
    const rows = [row(0, 0.1, { n: 7n }), row(1, 0.1), row(1, 0.1)];
    const source = memorySource({ table: load, rows });
    expect((await run(source, to)).taken).toBe(3);
    expect(await run(source, to)).toMatchObject({ read: 3, taken: 0, repeated: 3 });
    source.insert([row(2, 1, { n: 70_000n })]);
    await expect(run(source, to)).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });
});

describe("when rows became known", () => {
  const columns = { ...load.columns, known: nullable(timestamp()) };
  const withKnown = table({
    name: "load",
    columns,
    keys: ["station"],
    eventTime: "at",
    availableAt: "known",
  });

  it("is the source's column, also of late rows; a row that became known again is another row", async () => {
    const known = (minutes: number): Partial<SourceRow> => ({ known: start + BigInt(minutes) * minute });
    const source = memorySource({ table: withKnown, rows: [row(0, 1, known(1)), row(8, 1, known(9))] });
    const to = await target(withKnown);
    await run(source, to);
    source.insert([row(4, 1, known(30)), row(0, 1, known(40))]);
    expect(await run(source, to)).toMatchObject({ taken: 2, repeated: 2, late: 2 });
    const all = [row(0, 1, known(1)), row(8, 1, known(9)), row(4, 1, known(30)), row(0, 1, known(40))];
    expect(await held(to, Object.keys(columns))).toEqual(textsOf(all));
  });

  it("is the instant at which the row is taken where the source does not say, and is not compared", async () => {
    const source = memorySource({ table: load, rows: [row(0)] });
    const to = await target(withKnown);
    await run(source, to, { clock: { now: () => start + 20n * minute } });
    source.insert([row(-5), row(0), row(1)]);
    const second = await run(source, to, { clock: { now: () => start + 50n * minute } });
    expect(second).toMatchObject({ read: 4, taken: 3, repeated: 1, late: 1 });
    const stamped = (one: SourceRow, minutes: number) => ({
      ...one,
      known: start + BigInt(minutes) * minute,
    });
    expect(await held(to, Object.keys(columns))).toEqual(
      textsOf([stamped(row(0), 20), stamped(row(-5), 50), stamped(row(0), 50), stamped(row(1), 50)]),
    );
  });
});

interface Model {
  held: Map<string, number>;
  watermark: bigint | null;
}

/** What a sync has to do, slowly. */
function expected(model: Model, rows: readonly SourceRow[], now: bigint, isFull: boolean, lateness: bigint) {
  const { watermark: before } = model;
  const from = isFull || before === null ? null : before - lateness;
  const seen = rows.filter(({ at }) => from === null || (at as bigint) >= from);
  const counts = new Map<string, { count: number; isLate: boolean }>();
  for (const one of seen) {
    const text = textOf(one);
    const isLate = before !== null && (one["at"] as bigint) < before;
    counts.set(text, { count: (counts.get(text)?.count ?? 0) + 1, isLate });
  }
  let [taken, late] = [0, 0];
  for (const [text, { count, isLate }] of counts) {
    const more = Math.max(0, count - (model.held.get(text) ?? 0));
    model.held.set(text, (model.held.get(text) ?? 0) + more);
    taken += more;
    if (isLate) late += more;
  }
  for (const { at } of seen) {
    const reached = at as bigint;
    if (reached <= now && (model.watermark === null || reached > model.watermark)) model.watermark = reached;
  }
  return { read: seen.length, taken, repeated: seen.length - taken, late, watermark: model.watermark };
}

describe("whatever is written to a source between syncs", () => {
  const rows = fc.array(
    fc.record({
      station: fc.constantFrom("a", "ü", "𝒶"),
      at: fc.integer({ min: 0, max: 40 }).map((minutes) => start + BigInt(minutes) * minute),
      mw: fc.constantFrom(null, 0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY),
      n: fc.constantFrom(null, 0n, 2n ** 62n + 1n),
      note: fc.constantFrom(null, "", "it's"),
    }),
    { maxLength: 12 },
  );
  const steps = fc.array(
    fc.record({
      rows,
      /** Rows written before that are written again. */
      again: fc.array(fc.nat(), { maxLength: 4 }),
      isFull: fc.boolean(),
      commitRows: fc.constantFrom(1, 3, 1000),
      compacts: fc.boolean(),
    }),
    { minLength: 1, maxLength: 5 },
  );

  test.prop([steps], { numRuns: 25 })(
    "the table holds what a slow comparison says",
    async (all) => {
      const source = memorySource({ table: load, batchRows: 4 });
      const to = await target();
      const stored: SourceRow[] = [];
      const model: Model = { held: new Map(), watermark: null };
      for (const [i, step] of all.entries()) {
        const again =
          stored.length === 0 ? [] : step.again.map((n) => stored[n % stored.length] as SourceRow);
        const added = [...(step.rows as SourceRow[]), ...again];
        source.insert(added);
        stored.push(...added);
        const now = start + BigInt(10 + 10 * i) * minute;
        const { versions, ...found } = await run(source, to, {
          full: step.isFull,
          commitRows: step.commitRows,
          clock: { now: () => now },
        });
        expect(found).toEqual(expected(model, stored, now, step.isFull, 10n * minute));
        expect(versions.length > 0).toBe(found.taken > 0);
        if (step.compacts) await to.compact();
        const texts = [...model.held].flatMap(([text, count]) => new Array<string>(count).fill(text)).sort();
        expect(await held(to)).toEqual(texts);
      }
    },
    60_000,
  );
});

describe("a sync and others", () => {
  const many = (count: number) => {
    const random = createRandom("sync");
    return Array.from({ length: count }, (_, i) => row(i >> 2, random.integer(3), { station: `s${i % 3}` }));
  };

  it("of several at once each row is taken by one", async () => {
    const rows = many(300);
    const source = memorySource({ table: load, rows, batchRows: 16 });
    const to = await target();
    const others = await Promise.all(
      [1, 2].map(() => openTable(to.directory, { engine: engine(), definition: load as Table })),
    );
    const results = await Promise.all(
      [to, ...others].map((one, i) => run(source, one, { commitRows: [40, 60, 300][i] as number })),
    );
    expect(await held(to)).toEqual(textsOf(rows));
    expect(results.map(({ read }) => read)).toEqual([300, 300, 300]);
    expect(results.reduce((sum, { taken }) => sum + taken, 0)).toBe(300);
  });

  it("keeps a turn that another sync has taken, and compares again", async () => {
    const source = memorySource({ table: load, rows: [row(0), row(1)] });
    const to = await target();
    let isFirst = true;
    // The other one commits between the comparison and the commit.
    const between: DeltaTable = {
      ...to,
      append: async (...call) => {
        if (isFirst) {
          isFirst = false;
          await run(memorySource({ table: load, rows: [row(1)] }), to);
        }
        return to.append(...call);
      },
    };
    expect(await run(source, between)).toMatchObject({ read: 2, taken: 1, repeated: 1, versions: [2] });
    expect(await held(to)).toEqual(textsOf([row(0), row(1)]));
  });

  it("goes on from its last commit when it was aborted, and says how far it is", async () => {
    const source = memorySource({ table: load, rows: many(400), batchRows: 10 });
    const to = await target();
    const controller = new AbortController();
    const events: SyncProgress[] = [];
    const progress = (event: SyncProgress) => {
      events.push(event);
      if (events.length === 3) controller.abort(new Error("enough"));
    };
    await expect(
      run(source, to, { commitRows: 50, progress, signal: controller.signal }),
    ).rejects.toMatchObject({ code: "ABORTED" });
    expect(events).toHaveLength(3);
    const stopped = events[2] as SyncProgress;
    expect(stopped).toMatchObject({ task: "sync", figures: { taken: stopped.done, repeated: 0, late: 0 } });
    expect(await held(to)).toHaveLength(stopped.done);
    const read = source.rowsRead;
    const rest = await run(source, to, { lateness: "0s" });
    expect(rest.taken).toBe(400 - stopped.done);
    expect(source.rowsRead - read).toBeLessThan(300);
    expect(await held(to)).toEqual(textsOf(many(400)));
  });

  it("reads a source in bounded memory: it does not read ahead of what it commits", async () => {
    const source = memorySource({ table: load, rows: many(2000), batchRows: 20 });
    const ahead: number[] = [];
    await run(source, await target(), {
      commitRows: 100,
      progress: ({ done }) => void ahead.push(source.rowsRead - done),
    });
    expect(ahead.length).toBeGreaterThan(15);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(60);
  });
});

describe("sync refuses", () => {
  it("a source that has other columns, naming them", async () => {
    const { note: _, ...fewer } = load.columns;
    const columns = { ...fewer, n: nullable(float64()), volts: float64() };
    const source = memorySource({ table: table({ name: "x", columns, keys: ["station"], eventTime: "at" }) });
    await expect(run(source, await target())).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: expect.stringMatching(/missing note; not expected volts; wrong type n/),
    });
  });

  it("other keys, and nulls where the table has none", async () => {
    const noKeys = memorySource({
      table: table({ name: "x", columns: load.columns, keys: [], eventTime: "at" }),
    });
    await expect(run(noKeys, await target())).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: expect.stringContaining("keys is none, not station"),
    });
    const loose = { ...load.columns, station: nullable(utf8()) };
    const nulls = memorySource({
      table: table({ name: "x", columns: loose, keys: ["station"], eventTime: "at" }),
    });
    await expect(run(nulls, await target())).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: expect.stringContaining("may be null station"),
    });
  });

  it("options that it does not know or cannot use", async () => {
    const source = memorySource({ table: load });
    const to = await target();
    await expect(run(source, to, { latness: "1h" } as never)).rejects.toMatchObject({
      code: "VALUE_INVALID",
    });
    await expect(run(source, to, { lateness: "1mo" })).rejects.toMatchObject({ code: "DURATION_INVALID" });
    await expect(run(source, to, { commitRows: 0 })).rejects.toMatchObject({ code: "VALUE_INVALID" });
    await expect(run(source, to, { name: "" })).rejects.toMatchObject({ code: "VALUE_INVALID" });
    await expect(run(source, to, { full: "yes" as never })).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });

  it("rows that do not come by event time, before it commits them", async () => {
    const source = memorySource({ table: load, rows: [row(0), row(1), row(2)], batchRows: 1 });
    const backwards = {
      ...source,
      scan: async function* (...call: Parameters<typeof source.scan>) {
        const batches = [];
        for await (const batch of source.scan(...call)) batches.push(batch);
        yield* batches.reverse();
      },
    };
    const to = await target();
    await expect(sync(backwards, to, { lateness: "1h" })).rejects.toMatchObject({ code: "VALUE_INVALID" });
    expect(await held(to)).toEqual([]);
  });
});
