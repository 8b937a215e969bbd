import { join } from "node:path";
import {
  bool,
  type Columns,
  type ColumnTypes,
  column,
  columnsFromRows,
  concatColumns,
  contentHash,
  count,
  createRandom,
  type FeatureView,
  featureView,
  float64,
  int64,
  mean,
  nullable,
  onlineFeatures,
  type ProgressEvent,
  sliceColumns,
  sum,
  type Table,
  table,
  takeColumns,
  timestamp,
  toRows,
  utf8,
} from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import {
  type AsOfCase,
  type DefinedCase,
  defineCase,
  matchesOf,
  oracleJoin,
  randomAsOfCase,
} from "@tsops/core/testing";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { createTable, type DeltaTable, openTable } from "../delta/table.ts";
import { type DuckEngine, openEngine } from "../engine/engine.ts";
import { type AsOfJoinOptions, asOfJoin } from "./as-of-join.ts";

const seeds = fc.integer({ min: 0, max: 0xffffffff });
let engine: DuckEngine;
let home: ReturnType<typeof temporaryDirectory>;
let stores = 0;
beforeAll(async () => {
  engine = await openEngine();
  home = temporaryDirectory();
});
afterAll(async () => {
  await engine.close();
  await home.dispose();
});

/** A directory with the tables of a case; the rows come in `commits` appends. */
async function storeOf(tables: DefinedCase["tables"], commits = 1, compact = false): Promise<string> {
  const tablesPath = join(home.path, String(stores++));
  for (const [name, { table: definition, rows }] of Object.entries(tables)) {
    const delta = await createTable(join(tablesPath, name), definition, { engine });
    for (let i = 0; i < commits; i++) {
      const at = (part: number) => Math.floor((rows.length * part) / commits);
      await delta.append(sliceColumns(rows, at(i), at(i + 1)));
    }
    if (compact) await delta.compact();
    await delta.close();
  }
  return tablesPath;
}

/** The join of a generated case, whose types are only known at run time. */
async function joinCase(
  defined: DefinedCase,
  tablesPath: string,
  options: Partial<AsOfJoinOptions> = {},
): Promise<{ columns: Columns; explain(): string }> {
  const { spine, time, views, knownAt } = defined;
  return (await asOfJoin({
    spine,
    time,
    views,
    knownAt,
    tables: { tablesPath },
    engine,
    ...options,
  })) as never;
}

function expectOracle(columns: Columns, given: AsOfCase): void {
  for (const view of given.views)
    expect(matchesOf(columns, view)).toEqual(
      oracleJoin(given.spine, given.time, view, given.knownAt ?? "spine"),
    );
}

describe("asOfJoin on random histories", () => {
  it("gives what the oracle gives, for every option, plan and layout of the tables", async () => {
    const used = { asof: 0, merge: 0 };
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createRandom(seed);
        const given = randomAsOfCase(random, { maxViews: 2 });
        const defined = defineCase(given);
        const tablesPath = await storeOf(defined.tables, 1 + random.integer(3), random.integer(2) === 1);
        for (const method of ["auto", "merge"] as const) {
          const maxRowsInMemory = random.integer(2) === 0 ? 4_000_000 : 1 + random.integer(20);
          const joined = await joinCase(defined, tablesPath, { method, maxRowsInMemory });
          expectOracle(joined.columns, given);
          used.asof += joined.explain().split("ASOF JOIN in DuckDB").length - 1;
          used.merge += joined.explain().split("merge:").length - 1;
        }
      }),
      { numRuns: 50 },
    );
    expect(used.asof).toBeGreaterThan(5);
    expect(used.merge).toBeGreaterThan(50);
  }, 120_000);

  it("never reads a row from the future, gives a row for each row of the spine in order, and leaves the spine alone", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const given = randomAsOfCase(createRandom(seed), { maxViews: 2 });
        const defined = defineCase(given);
        const { columns } = await joinCase(defined, await storeOf(defined.tables));
        expect(columns.length).toBe(defined.spine.length);
        for (const name of Object.keys(defined.spine.types))
          expect(columns.data[name]).toBe(defined.spine.data[name]);
        const rows = toRows(columns, { timestamps: "micros" }) as unknown as Record<string, bigint | null>[];
        for (const view of given.views)
          for (const row of rows) {
            const time = row[`${view.name}__feature_time`];
            if (time === null || time === undefined) continue;
            const age = (row["at"] as bigint) - time;
            expect(age >= view.lagMicros && (view.boundary === "inclusive" || age > view.lagMicros)).toBe(
              true,
            );
            expect(view.ttlMicros === null || age <= view.ttlMicros).toBe(true);
          }
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it("gives the bytes that the online path gives, which observed the same rows piece by piece", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createRandom(seed);
        const defined = defineCase(randomAsOfCase(random, { maxViews: 2 }));
        const { columns } = await joinCase(defined, await storeOf(defined.tables, 2));
        const online = onlineFeatures(defined.views, { repeats: "keep" });
        for (const [name, { rows }] of Object.entries(defined.tables)) {
          const cut = random.integer(rows.length + 1);
          online.observe(name, sliceColumns(rows, 0, cut));
          online.observe(name, sliceColumns(rows, cut));
        }
        const { spine, time, knownAt } = defined;
        const looked = online.lookup(spine, { time, ...(knownAt === undefined ? {} : { knownAt }) });
        expect(contentHash(looked as Columns)).toBe(contentHash(columns));
      }),
      { numRuns: 40 },
    );
  }, 120_000);

  it("does not depend on the order of rows that differ in key, time or availability", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createRandom(seed);
        const given = randomAsOfCase(random, { maxViews: 2 });
        const views = given.views.map((view) => {
          const seen = new Set<string>();
          return {
            ...view,
            rows: view.rows.filter((row) =>
              isNew(seen, [...view.keys.map((key) => row[key.column]), row["ts"], row["known"]]),
            ),
          };
        });
        const distinct = { ...given, views };
        const shuffled = {
          ...given,
          views: views.map((view) => ({ ...view, rows: random.shuffle([...view.rows]) })),
        };
        const [one, other] = [defineCase(distinct), defineCase(shuffled)];
        const first = await joinCase(one, await storeOf(one.tables));
        const second = await joinCase(other, await storeOf(other.tables, 2));
        expect(toRows(second.columns, { timestamps: "micros" })).toEqual(
          toRows(first.columns, { timestamps: "micros" }),
        );
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it("does not change when rows are added that are later than the spine, in time or in knowledge", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const random = createRandom(seed);
        const given = randomAsOfCase(random, { maxViews: 2 });
        const defined = defineCase(given);
        const tablesPath = await storeOf(defined.tables);
        const before = await joinCase(defined, tablesPath);
        const times = given.spine
          .flatMap((row) => [row["at"], row["cutoff"]])
          .filter((time) => typeof time === "bigint");
        const instant =
          typeof given.knownAt === "object" && "micros" in given.knownAt ? [given.knownAt.micros] : [];
        const latest = [...times, ...instant].reduce((a, b) => (a > b ? a : b), 0n);
        const isUnknown = random.integer(2) === 0 && given.knownAt !== "ignore";
        for (const view of given.views) {
          // Copies of real rows, moved to after everything asked; or left in the past, but known only later.
          const later = view.rows.map((row) =>
            isUnknown && view.availableAt !== null
              ? { ...row, known: latest + 1n }
              : { ...row, ts: latest + 1n, ...(view.availableAt === null ? {} : { known: latest + 1n }) },
          );
          const extra = defineCase({ ...given, views: [{ ...view, rows: later }] }).tables[view.table];
          const delta = await openTable(join(tablesPath, view.table), { engine });
          await delta.append(extra?.rows as Columns);
          await delta.close();
        }
        const after = await joinCase(defined, tablesPath);
        const rows = (columns: Columns) =>
          toRows(columns, { timestamps: "micros" }) as Record<string, unknown>[];
        const [were, are] = [rows(before.columns), rows(after.columns)];
        were.forEach((row, i) => {
          // A row that is there but not yet known is what this status says.
          for (const [name, value] of Object.entries(row))
            if (!(isUnknown && value === "missing" && are[i]?.[name] === "not_yet_known"))
              expect(are[i]?.[name]).toEqual(value);
        });
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});

function isNew(seen: Set<string>, parts: readonly unknown[]): boolean {
  const text = JSON.stringify(parts, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
  if (seen.has(text)) return false;
  seen.add(text);
  return true;
}

const hour = (n: number): Date => new Date(Date.UTC(2026, 0, 1, n));
const rentals = table({
  name: "rentals",
  columns: {
    city: utf8(),
    at: timestamp(),
    known: nullable(timestamp()),
    users: nullable(float64()),
    bikes: int64(),
  },
  keys: ["city"],
  eventTime: "at",
  availableAt: "known",
});
const rows = columnsFromRows(rentals.columns, [
  { city: "p", at: hour(1), known: hour(2), users: 10, bikes: 2n ** 60n },
  { city: "p", at: hour(2), known: hour(3), users: 20, bikes: 2n ** 60n + 1n },
  { city: "p", at: hour(2), known: hour(8), users: 25, bikes: 1n },
  { city: "q", at: hour(1), known: hour(1), users: 7, bikes: 3n },
]);
const spine = columnsFromRows({ city: utf8(), at: timestamp(), y: nullable(bool()) }, [
  { city: "p", at: hour(5), y: true },
  { city: "q", at: hour(0), y: null },
  { city: "p", at: hour(9), y: false },
]);
const usage = featureView({
  name: "usage",
  table: rentals,
  features: {
    users: column("users"),
    total: sum("bikes", "6h"),
    average: mean("users", "8h"),
    n: count("users", "8h"),
  },
});

describe("asOfJoin", () => {
  let tables: { rentals: DeltaTable<typeof rentals.columns> };
  beforeAll(async () => {
    const delta = await createTable(join(home.path, "rentals"), rentals, { engine });
    await delta.append(rows);
    tables = { rentals: delta };
  });

  it("counts a corrected row once, as it was known, and sums integers beyond 2^53 exactly", async () => {
    const joined = await asOfJoin({ spine, time: "at", views: [usage], tables, engine });
    expect(joined.toRows()).toEqual([
      {
        city: "p",
        at: hour(5),
        y: true,
        usage__users: 20,
        usage__total: 2 ** 61,
        usage__average: 15,
        usage__n: 2n,
        usage__feature_time: hour(2),
        usage__feature_status: "present",
      },
      {
        city: "q",
        at: hour(0),
        y: null,
        usage__users: null,
        usage__total: null,
        usage__average: null,
        usage__n: 0n,
        usage__feature_time: null,
        usage__feature_status: "missing",
      },
      {
        city: "p",
        at: hour(9),
        y: false,
        usage__users: 25,
        usage__total: null,
        usage__average: 25,
        usage__n: 1n,
        usage__feature_time: hour(2),
        usage__feature_status: "present",
      },
    ]);
    expect(Object.keys(joined.columns.types)).toEqual(Object.keys(joined.toRows()[0] as object));
    expect(joined.tableVersions).toEqual([{ table: "rentals", version: 1 }]);
  });

  it("explains how each view was joined and why", async () => {
    const plain = featureView({ name: "plain", table: rentals, features: { users: column("users") } });
    const lagged = featureView({
      name: "lagged",
      table: rentals,
      features: { n: count("users", "1h") },
      lag: "1h",
    });
    const views = [plain, usage, lagged] as const;
    expect((await asOfJoin({ spine, time: "at", views, tables, engine, knownAt: "ignore" })).explain()).toBe(
      [
        "plain: ASOF JOIN in DuckDB (plain columns, event time only; ties are decided after the match, among the matched times only)",
        "usage: merge: rows of the spine's keys sorted by DuckDB, walked by core, read once with lagged (has windows)",
        "lagged: merge: rows of the spine's keys sorted by DuckDB, walked by core, read once with usage (has windows)",
      ].join("\n"),
    );
    await expect(
      asOfJoin({ spine, time: "at", views: [plain], tables, engine, method: "asof" }),
    ).rejects.toMatchObject({ code: "FEATURE_INVALID", message: expect.stringContaining("row by row") });
  });

  it("reads every table at the version or instant it is asked for", async () => {
    const directory = join(home.path, "versions");
    const delta = await createTable(directory, rentals, { engine });
    const first = await delta.append(sliceColumns(rows, 0, 2));
    const asOfFirst = (await delta.snapshot()).timestampMicros;
    await delta.append(sliceColumns(rows, 2, 4));
    const join1 = async (asOf: AsOfJoinOptions["asOf"]) =>
      (
        await asOfJoin({ spine, time: "at", views: [usage], tables: { rentals: delta }, engine, asOf })
      ).toRows()[2]?.usage__users;
    expect(await join1(undefined)).toBe(25);
    expect(await join1({ rentals: first.version })).toBe(20);
    expect(await join1(asOfFirst)).toBe(20);
    await delta.compact();
    expect(await join1({ rentals: first.version })).toBe(20);
    expect(await join1(undefined)).toBe(25);
    await delta.close();
  });

  it("refuses versions of tables that it does not read, and says which table lacks a version", async () => {
    const joinAt = (asOf: AsOfJoinOptions["asOf"]) =>
      asOfJoin({ spine, time: "at", views: [usage], tables, engine, asOf });
    await expect(joinAt({ rental: 1 })).rejects.toMatchObject({
      code: "STORE_NOT_FOUND",
      message: 'asOf names a table "rental", which is not read.',
      hint: "The tables that are read: rentals.",
    });
    await expect(joinAt({ rentals: 99 })).rejects.toMatchObject({
      code: "STORE_NOT_FOUND",
      message: expect.stringMatching(/^Table "rentals": The table has no version 99; its newest is 1/),
    });
  });

  it("refuses a spine of row objects, a plan that there is not, and no memory", async () => {
    const joinWith = (changed: object) =>
      asOfJoin({ spine, time: "at", views: [usage], tables, engine, ...changed } as never);
    await expect(joinWith({ spine: [{ city: "p", at: hour(1) }] })).rejects.toMatchObject({
      code: "SCHEMA_INVALID",
      hint: expect.stringContaining("columnsFromRows"),
    });
    await expect(joinWith({ method: "magic" })).rejects.toMatchObject({ code: "FEATURE_INVALID" });
    await expect(joinWith({ knownat: "ignore" })).rejects.toMatchObject({
      code: "FEATURE_INVALID",
      hint: 'Did you mean "knownAt"?',
    });
    await expect(joinWith({ views: usage })).rejects.toThrow(/views must be a list/);
    for (const maxRowsInMemory of [0, -5, 1.5, Number.NaN])
      await expect(joinWith({ maxRowsInMemory })).rejects.toThrow(/not a whole number from 1/);
  });

  it("tells how far a join in parts is", async () => {
    const shares: number[] = [];
    const progress = ({ done, total }: ProgressEvent) => void shares.push(done / (total as number));
    const options = { spine, time: "at", views: [usage], tables, engine } as const;
    await asOfJoin({ ...options, method: "merge", maxRowsInMemory: 1, progress });
    expect(shares.length).toBeGreaterThan(2);
    expect(shares).toEqual([...shares].sort());
    expect(shares.at(-1)).toBe(1);
  });

  it("takes and gives Arrow", async () => {
    const joined = await asOfJoin({ spine: toArrow(spine), time: "at", views: [usage], tables, engine });
    const arrow = joined.toArrow();
    expect(arrow.numRows).toBe(3);
    expect([...(arrow.getChild("usage__users") ?? [])]).toEqual([20, null, 25]);
  });

  it("joins a table without keys to every row, by either plan", async () => {
    const weather = table({
      name: "weather",
      columns: { at: timestamp(), t: float64() },
      keys: [],
      eventTime: "at",
    });
    const delta = await createTable(join(home.path, "weather"), weather, { engine });
    await delta.append([
      { at: hour(0), t: 1 },
      { at: hour(6), t: 2 },
      { at: hour(6), t: 3 },
    ]);
    const view = featureView({ name: "w", table: weather, features: { t: column("t") } });
    for (const method of ["asof", "merge"] as const) {
      const joined = await asOfJoin({
        spine,
        time: "at",
        views: [view],
        tables: { weather: delta },
        engine,
        method,
      });
      expect(joined.toRows().map((row) => row.w__t)).toEqual([1, 1, 3]);
    }
    await delta.close();
  });

  it("joins tables whose columns are called as those of its own queries", async () => {
    const names = table({
      name: "names",
      columns: {
        n: utf8(),
        k0: int64(),
        upto: timestamp(),
        found_at: nullable(timestamp()),
        c0: float64(),
        earliest: float64(),
        'x"; --': float64(),
      },
      keys: ["n", "k0"],
      eventTime: "upto",
      availableAt: "found_at",
    });
    const delta = await createTable(join(home.path, "names"), names, { engine });
    await delta.append([
      { n: "p", k0: 1, upto: hour(1), found_at: hour(2), c0: 1, earliest: 10, 'x"; --': 100 },
      { n: "p", k0: 1, upto: hour(1), found_at: hour(1), c0: 2, earliest: 20, 'x"; --': 200 },
      { n: "p", k0: 2, upto: hour(1), found_at: null, c0: 3, earliest: 30, 'x"; --': 300 },
    ]);
    const asked = columnsFromRows({ k0: int64(), n: utf8(), upto: timestamp() }, [
      { k0: 1, n: "p", upto: hour(3) },
      { k0: 2, n: "p", upto: hour(3) },
    ]);
    const view = featureView({
      name: "v",
      table: names,
      features: { c0: column("c0"), earliest: column("earliest"), x: column('x"; --'), at: column("upto") },
    });
    for (const method of ["asof", "merge"] as const) {
      const joined = await asOfJoin({
        spine: asked,
        time: "upto",
        views: [view],
        tables: { names: delta },
        engine,
        method,
        knownAt: hour(9),
      });
      expect(
        joined
          .toRows()
          .map((row) => [row.v__c0, row.v__earliest, row.v__x, row.v__at, row.v__feature_status]),
      ).toEqual([
        [1, 10, 100, hour(1), "present"],
        [null, null, null, null, "not_yet_known"],
      ]);
    }
    await delta.close();
  });

  it("joins an empty spine and an empty table", async () => {
    const empty = await createTable(join(home.path, "empty"), rentals, { engine });
    for (const method of ["auto", "merge"] as const)
      for (const knownAt of ["spine", "ignore", hour(3)] as const) {
        const none = {
          spine: sliceColumns(spine, 0, 0),
          time: "at",
          views: [usage],
          engine,
          method,
          knownAt,
        } as const;
        expect((await asOfJoin({ ...none, tables })).columns.length).toBe(0);
        const joined = await asOfJoin({ ...none, spine, tables: { rentals: empty } });
        expect(joined.toRows().map((row) => row.usage__feature_status)).toEqual([
          "missing",
          "missing",
          "missing",
        ]);
      }
    await empty.close();
  });

  it("refuses what does not fit before it reads anything", async () => {
    const nowhere = { rentals: { snapshot: () => Promise.reject(new Error("was read")) } };
    const dynamic = (spineGiven: Columns, views: readonly FeatureView[], extra: object = {}) =>
      asOfJoin({ spine: spineGiven, time: "at", views, tables: nowhere, engine, ...extra } as never);
    const other = (types: ColumnTypes) => columnsFromRows(types, []) as Columns;
    const view = usage as unknown as FeatureView;
    await expect(dynamic(other({ at: timestamp() }), [view])).rejects.toMatchObject({
      code: "COLUMN_NOT_FOUND",
    });
    await expect(dynamic(other({ at: timestamp(), city: int64() }), [view])).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: 'View "usage" needs spine column "city" as utf8, not int64.',
    });
    await expect(dynamic(spine as Columns, [view, view])).rejects.toMatchObject({
      code: "FEATURE_NAME_CLASH",
    });
    await expect(
      dynamic(other({ at: timestamp(), city: utf8(), usage__users: float64() }), [view]),
    ).rejects.toMatchObject({ code: "FEATURE_NAME_CLASH" });
    await expect(dynamic(spine as Columns, [view], { time: "y" })).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
    });
    await expect(dynamic(spine as Columns, [view], { knownAt: { column: "z" } })).rejects.toMatchObject({
      code: "COLUMN_NOT_FOUND",
    });
    await expect(dynamic(spine as Columns, [view], { knownAt: "2026-01-01T00:00" })).rejects.toMatchObject({
      code: "TIME_ZONE_MISSING",
    });
  });

  it("refuses what does not fit when it is compiled", () => {
    const tables = { tablesPath: "nowhere" };
    const town = columnsFromRows({ town: utf8(), at: timestamp() }, []);
    const number = columnsFromRows({ city: int64(), at: timestamp() }, []);
    const never = [
      // @ts-expect-error View "usage" needs a spine column "city": rename it, or map the key with keyMap.
      () => asOfJoin({ spine: town, time: "at", views: [usage], tables }),
      // @ts-expect-error View "usage" needs spine column "city" as utf8, not int64.
      () => asOfJoin({ spine: number, time: "at", views: [usage], tables }),
      // @ts-expect-error the spine's "y" is not a timestamp
      () => asOfJoin({ spine, time: "y", views: [usage], tables }),
      // @ts-expect-error the spine has no column "cutoff"
      () => asOfJoin({ spine, time: "at", views: [usage], tables, knownAt: { column: "cutoff" } }),
      // @ts-expect-error the view has no feature "user"
      async () => (await asOfJoin({ spine, time: "at", views: [usage], tables })).toRows()[0]?.usage__user,
    ];
    expect(never).toHaveLength(5);
  });

  it("refuses a table that is not there or not as defined", async () => {
    const options = { spine, time: "at", views: [usage], engine } as const;
    await expect(asOfJoin({ ...options, tables: {} })).rejects.toMatchObject({ code: "STORE_NOT_FOUND" });
    await expect(asOfJoin({ ...options, tables: { tablesPath: `${home.path}-not` } })).rejects.toMatchObject({
      code: "STORE_NOT_FOUND",
    });
    const text = table({
      ...rentals,
      columns: { ...rentals.columns, users: utf8() },
      eventTime: "at",
    } as never) as Table;
    const delta = await createTable(join(home.path, "text"), text, { engine });
    await expect(asOfJoin({ ...options, tables: { rentals: delta } })).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
    });
    await delta.close();
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(
      asOfJoin({ spine, time: "at", views: [usage], tables, engine, signal: stop.signal }),
    ).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("opens an engine of its own when it is given none", async () => {
    const joined = await asOfJoin({ spine, time: "at", views: [usage], tables: { tablesPath: home.path } });
    expect(joined.toRows()[0]?.usage__users).toBe(20);
  });

  it("gives the same for a spine that is permuted or repeated, row by row", async () => {
    const joined = await asOfJoin({ spine, time: "at", views: [usage], tables, engine });
    const order = Int32Array.of(2, 0, 0, 1, 2);
    const many = concatColumns([takeColumns(spine, order), spine]);
    const again = await asOfJoin({ spine: many, time: "at", views: [usage], tables, engine });
    expect(again.toRows()).toEqual([...order, 0, 1, 2].map((i) => joined.toRows()[i]));
  });
});
