import assert from "node:assert/strict";
import { column, count, type FeatureSpec, sum } from "../features/feature.ts";
import { type FeatureView, featureView } from "../features/feature-view.ts";
import type { LookupOptions } from "../features/online/online-features.ts";
import type { OnlineStore } from "../ports/online-store.ts";
import { createRandom } from "../random.ts";
import { bool, float64, int64, nullable, timestamp, utf8 } from "../schema/column-type.ts";
import type { Columns } from "../schema/columns.ts";
import { columnsFromRows } from "../schema/from-rows.ts";
import { takeColumns } from "../schema/reshape.ts";
import { table } from "../schema/table.ts";
import { toRows } from "../schema/to-rows.ts";
import { type AsOfCase, randomAsOfCase } from "./as-of-cases.ts";
import { type DefinedCase, defineCase, matchesOf } from "./as-of-definitions.ts";
import { oracleJoin } from "./as-of-oracle.ts";
import {
  type ConformanceCase,
  type ConformanceOptions,
  type ConformanceSubject,
  conformanceCases,
} from "./case.ts";
import { rejectsWith, uniqueName } from "./tracker.ts";

/** Where online stores are opened to test them. */
export interface OnlineStoreSubject extends ConformanceSubject {
  /**
   * Opens a store for these views. Stores of one place share their rows, as clients of one server do; places of one subject are
   * apart from each other. `close` of the subject closes them all.
   */
  open(views: readonly FeatureView[], place: string): Promise<OnlineStore>;
  /** Ends the server without a warning and starts it again on what it had acknowledged. The stores stay open. */
  restart?(): Promise<void>;
}

/**
 * What every `OnlineStore` promises. Names of places are unique per run, so a shared server can be tested.
 * @param open - Called once per case.
 */
export function onlineStoreCases(
  open: () => Promise<OnlineStoreSubject>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases(open, cases, options);
}

const hour = 3_600_000_000n;
const start = 1_767_225_600_000_000n;
const at = (hours: number, micros = 0n): bigint => start + BigInt(hours) * hour + micros;

const rentals = table({
  name: "rentals",
  columns: {
    city: nullable(utf8()),
    at: timestamp(),
    known: nullable(timestamp()),
    users: nullable(float64()),
    note: nullable(utf8()),
  },
  keys: ["city"],
  eventTime: "at",
  availableAt: "known",
});

const usage = featureView({
  name: "usage",
  table: rentals,
  ttl: "24h",
  features: {
    users: column("users"),
    note: column("note", { lastNonNull: true }),
    total: sum("users", "3h"),
    n: count("users", "3h"),
  },
}) as FeatureView;

interface Rental {
  readonly city: string | null;
  readonly at: bigint;
  readonly known?: bigint | null;
  readonly users?: number | null;
  readonly note?: string | null;
}

/** Rows that are known at once unless they say otherwise. */
const rentalRows = (...rows: readonly Rental[]): Columns =>
  columnsFromRows(
    rentals.columns,
    rows.map((row) => ({ known: row.at, users: null, note: null, ...row })),
  );

const spineTypes = { city: utf8(), at: timestamp() };
const askedAt = (...rows: readonly { readonly city: string; readonly at: bigint }[]): Columns =>
  columnsFromRows(spineTypes, rows);

async function answers(
  store: OnlineStore,
  spine: Columns,
  how: LookupOptions = { time: "at" },
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return toRows(await store.lookup(spine as never, how as never), { timestamps: "micros" });
}

async function statusOf(store: OnlineStore, city: string, instant: bigint): Promise<unknown> {
  const [row] = await answers(store, askedAt({ city, at: instant }));
  return row?.["usage__feature_status"];
}

/** A store of its own, and another client of the same rows. */
const place = (): string => uniqueName("online");

async function expectOracle(store: OnlineStore, given: AsOfCase, defined: DefinedCase): Promise<void> {
  const { time, knownAt } = defined;
  const how = { time, ...(knownAt === undefined ? {} : { knownAt }) };
  const joined = await store.lookup(defined.spine as never, how as never);
  assert.equal(joined.length, given.spine.length);
  for (const view of given.views)
    assert.deepEqual(
      matchesOf(joined, view),
      oracleJoin(given.spine, given.time, view, given.knownAt ?? "spine"),
    );
}

const range = (from: number, to: number): Int32Array =>
  Int32Array.from({ length: to - from }, (_, index) => from + index);

const cases: Readonly<Record<string, (subject: OnlineStoreSubject) => Promise<void>>> = {
  async "a value is present up to its ttl to the microsecond, then expired; unknown rows and unseen entities are told apart"(
    subject,
  ) {
    const store = await subject.open([usage], place());
    await store.observe(
      "rentals",
      rentalRows({ city: "p", at: at(1), users: 5 }, { city: "r", at: at(1), known: at(4), users: 6 }),
    );
    const asked = [at(1, -1n), at(1), at(25), at(25, 1n)].map((instant) => ({ city: "p", at: instant }));
    const rows = await answers(store, askedAt(...asked, { city: "q", at: at(2) }, { city: "r", at: at(2) }));
    assert.deepEqual(
      rows.map((row) => [row["usage__users"], row["usage__feature_time"], row["usage__feature_status"]]),
      [
        [null, null, "missing"],
        [5, at(1), "present"],
        [5, at(1), "present"],
        [null, null, "expired"],
        [null, null, "missing"],
        [null, null, "not_yet_known"],
      ],
    );
  },

  async "a row counts from the instant it became available, and a correction from its own"(subject) {
    const store = await subject.open([usage], place());
    await store.observe(
      "rentals",
      rentalRows(
        { city: "p", at: at(1), known: at(4), users: 1 },
        { city: "p", at: at(1), known: at(6), users: 2 },
        { city: "p", at: at(3), known: null, users: 9 },
      ),
    );
    const asked = [at(4, -1n), at(4), at(6, -1n), at(6)].map((instant) => ({ city: "p", at: instant }));
    assert.deepEqual(
      (await answers(store, askedAt(...asked))).map((row) => row["usage__users"]),
      [null, 1, 1, 2],
    );
    // By event time alone the row counts that nobody ever knew.
    const [row] = await answers(store, askedAt({ city: "p", at: at(4) }), { time: "at", knownAt: "ignore" });
    assert.equal(row?.["usage__users"], 9);
  },

  async "windows reach back to their first microsecond, and the last value that is not null stays behind nulls"(
    subject,
  ) {
    const store = await subject.open([usage], place());
    await store.observe(
      "rentals",
      rentalRows(
        { city: "p", at: at(1), users: 1, note: "dry" },
        { city: "p", at: at(2), users: 2 },
        { city: "p", at: at(3), users: null },
      ),
    );
    const rows = await answers(store, askedAt({ city: "p", at: at(4, -1n) }, { city: "p", at: at(4) }));
    assert.deepEqual(
      rows.map((row) => [row["usage__total"], row["usage__n"], row["usage__note"], row["usage__users"]]),
      [
        [3, 2n, "dry", null],
        [2, 1n, "dry", null],
      ],
    );
  },

  async "entities are told apart by every part of their key, whatever its text or size"(subject) {
    const meters = table({
      name: "meters",
      columns: { site: utf8(), id: int64(), isMain: bool(), since: timestamp(), at: timestamp(), v: int64() },
      keys: ["site", "id", "isMain", "since"],
      eventTime: "at",
    });
    const view = featureView({ name: "m", table: meters, features: { v: column("v") } });
    const store = await subject.open([view as FeatureView], place());
    const entities = [
      { site: "a", id: 1n, isMain: true, since: at(0) },
      { site: "a", id: 1n, isMain: true, since: at(0, 1n) },
      { site: "a", id: 1n, isMain: false, since: at(0) },
      { site: "a", id: 9_007_199_254_740_993n, isMain: true, since: at(0) },
      { site: "a", id: 9_007_199_254_740_992n, isMain: true, since: at(0) },
      { site: 'a",1', id: 1n, isMain: true, since: at(0) },
      { site: "a:*[]{}\\?\n", id: 1n, isMain: true, since: at(0) },
      { site: "", id: -(2n ** 63n), isMain: true, since: at(0) },
      { site: "größer 😀", id: 1n, isMain: true, since: at(0) },
      { site: "\ud800", id: 1n, isMain: true, since: at(0) },
      { site: "\ud801", id: 1n, isMain: true, since: at(0) },
    ];
    const rows = entities.map((entity, index) => ({ ...entity, at: at(1), v: BigInt(index) }));
    await store.observe("meters", columnsFromRows(meters.columns, rows));
    const { v: _, ...asked } = meters.columns;
    const joined = await answers(store, columnsFromRows(asked, rows) as Columns);
    assert.deepEqual(
      joined.map((row) => row["m__v"]),
      entities.map((_, index) => BigInt(index)),
    );
  },

  async "values come back bit for bit"(subject) {
    const values = table({
      name: "values",
      columns: {
        at: timestamp(),
        x: nullable(float64()),
        n: nullable(int64()),
        s: nullable(utf8()),
        b: nullable(bool()),
        when: nullable(timestamp()),
      },
      keys: [],
      eventTime: "at",
    });
    const features = Object.fromEntries(
      ["x", "n", "s", "b", "when"].map((name): [string, FeatureSpec] => [name, column(name)]),
    );
    const view = featureView({ name: "v", table: values as never, features }) as FeatureView;
    const store = await subject.open([view], place());
    const rows = [
      { x: -0, n: 2n ** 63n - 1n, s: "", b: false, when: 2n ** 53n + 1n },
      { x: 0, n: -(2n ** 63n), s: "größer 😀", b: true, when: -1n },
      { x: Number.NaN, n: 2n ** 53n + 1n, s: "a\0b", b: null, when: 0n },
      { x: Number.POSITIVE_INFINITY, n: 0n, s: "\udc00\ud800", b: true, when: null },
      { x: Number.MIN_VALUE, n: -1n, s: "x".repeat(5000), b: true, when: -(2n ** 53n) - 1n },
      { x: null, n: null, s: null, b: null, when: null },
    ].map((row, index) => ({ ...row, at: 2n ** 53n + BigInt(index) }));
    await store.observe("values", columnsFromRows(values.columns, rows));
    const spine = columnsFromRows(
      { at: timestamp() },
      rows.map((row) => ({ at: row.at })),
    );
    const joined = await answers(store, spine as Columns);
    assert.deepEqual(
      joined.map(({ v__x, v__n, v__s, v__b, v__when }) => ({
        x: v__x,
        n: v__n,
        s: v__s,
        b: v__b,
        when: v__when,
      })),
      rows.map(({ at: _, ...row }) => row),
    );
    assert.ok(Object.is(joined[0]?.["v__x"], -0));
    assert.ok(Object.is(joined[1]?.["v__x"], 0));
  },

  async "of rows of one time the last to arrive wins, and a repeat does not arrive again"(subject) {
    const store = await subject.open([usage], place());
    const first = rentalRows({ city: "p", at: at(1), users: 1 });
    const second = rentalRows({ city: "p", at: at(1), users: 2 });
    const value = async (): Promise<unknown> =>
      (await answers(store, askedAt({ city: "p", at: at(2) })))[0]?.["usage__users"];
    await store.observe("rentals", first);
    await store.observe("rentals", second);
    assert.equal(await value(), 2);
    assert.deepEqual(await store.observe("rentals", first), {
      accepted: 0,
      late: 0,
      repeated: 1,
      withoutKey: 0,
    });
    assert.equal(await value(), 2);
    // Not even when rows were forgotten in between.
    await store.advance(at(2));
    await store.observe("rentals", first);
    assert.equal(await value(), 2);
  },

  async "counts rows that are late, repeated or without a key; equal rows of one call are facts of their own"(
    subject,
  ) {
    const sales = table({
      name: "sales",
      columns: { shop: nullable(utf8()), at: timestamp(), units: int64() },
      keys: ["shop"],
      eventTime: "at",
    });
    const view = featureView({ name: "s", table: sales, features: { units: sum("units", "3h") } });
    const store = await subject.open([view as FeatureView], place());
    const rowsOf = (
      ...rows: { readonly shop: string | null; readonly at: bigint; readonly units: bigint }[]
    ): Columns => columnsFromRows(sales.columns, rows);
    const twice = { shop: "p", at: at(3), units: 3n };
    assert.deepEqual(
      await store.observe("sales", rowsOf(twice, twice, { shop: null, at: at(2), units: 8n })),
      { accepted: 2, late: 0, repeated: 0, withoutKey: 1 },
    );
    const late = { shop: "p", at: at(2), units: 2n };
    assert.deepEqual(
      await store.observe("sales", rowsOf(twice, late, { shop: "q", at: at(1), units: 1n }, twice, twice)),
      { accepted: 3, late: 1, repeated: 2, withoutKey: 0 },
    );
    const spine = columnsFromRows({ shop: utf8(), at: timestamp() }, [{ shop: "p", at: at(3) }]);
    assert.equal((await answers(store, spine as Columns))[0]?.["s__units"], 11);
    assert.deepEqual(await store.observe("sales", rowsOf()), {
      accepted: 0,
      late: 0,
      repeated: 0,
      withoutKey: 0,
    });
  },

  async "refuses rows and spines that do not fit, and takes in none of the rows"(subject) {
    const store = await subject.open([usage], place());
    await rejectsWith(store.observe("rent", rentalRows()), "STORE_NOT_FOUND");
    const { users: _, ...fewer } = rentals.columns;
    await rejectsWith(store.observe("rentals", columnsFromRows(fewer, []) as Columns), "COLUMN_NOT_FOUND");
    const untimed = columnsFromRows({ ...rentals.columns, at: nullable(timestamp()) }, [
      { city: "p", at: at(1) },
      { city: "p" },
    ]);
    await rejectsWith(store.observe("rentals", untimed as Columns), "VALUE_INVALID");
    assert.equal(await statusOf(store, "p", at(2)), "missing");
    const wrong = columnsFromRows({ city: int64(), at: timestamp() }, [{ city: 1n, at: at(1) }]);
    await rejectsWith(answers(store, wrong as Columns), "SCHEMA_MISMATCH");
    await rejectsWith(answers(store, askedAt(), { time: "when" }), "COLUMN_NOT_FOUND");
  },

  async "gives what the offline join gives, for every option"(subject) {
    for (let seed = 0; seed < 60; seed++) {
      const given = randomAsOfCase(createRandom(seed));
      const defined = defineCase(given);
      const store = await subject.open(defined.views, place());
      for (const [name, { rows }] of Object.entries(defined.tables)) await store.observe(name, rows);
      // At least once is how streams deliver.
      for (const [name, { rows }] of Object.entries(defined.tables)) {
        const { accepted, repeated, withoutKey } = await store.observe(name, rows);
        assert.deepEqual([accepted, repeated + withoutKey], [0, rows.length]);
      }
      await expectOracle(store, given, defined);
    }
  },

  async "forgets only what no later lookup can see, also when it is brought again"(subject) {
    let dropped = 0;
    for (let seed = 0; seed < 60; seed++) {
      const random = createRandom(seed);
      const given = randomAsOfCase(random, { maxRows: 80 });
      const defined = defineCase(given);
      const times = given.spine.flatMap((row) => (typeof row["at"] === "bigint" ? [row["at"]] : []));
      if (times.length === 0) continue;
      const horizon = times[random.integer(times.length)] as bigint;
      const { knownAt } = given;
      if (typeof knownAt === "object" && "micros" in knownAt && knownAt.micros < horizon) continue;
      const usesCutoff = typeof knownAt === "object" && "column" in knownAt;
      const isLater = (value: unknown): boolean => value === null || (value as bigint) >= horizon;
      const spine = given.spine.filter(
        (row) => isLater(row["at"]) && (!usesCutoff || isLater(row["cutoff"])),
      );
      const store = await subject.open(defined.views, place());
      for (const [name, { rows }] of Object.entries(defined.tables)) {
        await store.observe(name, rows);
        dropped += await store.advance(horizon - BigInt(random.integer(3)));
        await store.observe(name, takeColumns(rows, range(0, Math.floor(rows.length / 2))));
      }
      dropped += await store.advance(horizon);
      await expectOracle(store, { ...given, spine }, defineCase({ ...given, spine }));
    }
    assert.ok(dropped > 50, `only ${dropped} rows were dropped`);
  },

  async "keeps what windows and the latest row need, however much is observed, and looks no further back"(
    subject,
  ) {
    const [store, other] = await twoClients(subject);
    const rows = Array.from({ length: 600 }, (_, n) => ({
      city: n % 2 === 0 ? "p" : "q",
      at: at(n),
      users: 1,
    }));
    await store.observe("rentals", rentalRows(...rows));
    const dropped = await store.advance(at(600));
    assert.ok(dropped >= 590, `only ${dropped} of 600 rows were dropped`);
    assert.equal(await store.advance(at(599)), 0);
    const [row] = await answers(other, askedAt({ city: "p", at: at(600) }));
    assert.equal(row?.["usage__n"], 1n);
    for (const client of [store, other])
      await rejectsWith(answers(client, askedAt({ city: "p", at: at(600, -1n) })), "TIME_INVALID");
  },

  async "two clients at once take in every row once, and a lookup sees a call whole or not at all"(subject) {
    const [store, other] = await twoClients(subject);
    const cities = ["a", "b", "c", "d", "e", "f"];
    const batch = (n: number): Columns =>
      rentalRows(...cities.map((city) => ({ city, at: at(n), users: 1 })));
    const batches = Array.from({ length: 40 }, (_, n) => batch(n));
    const asked = askedAt(...cities.map((city) => ({ city, at: at(40) })));
    const written = Promise.all(
      batches.flatMap((rows) => [store.observe("rentals", rows), other.observe("rentals", rows)]),
    );
    const seen = await Promise.all(
      Array.from({ length: 40 }, (_, n) => answers(n % 2 === 0 ? store : other, asked)),
    );
    for (const rows of seen) assert.equal(new Set(rows.map((row) => row["usage__feature_time"])).size, 1);
    const counts = await written;
    assert.equal(
      counts.reduce((total, { accepted }) => total + accepted, 0),
      40 * cities.length,
    );
    assert.equal(
      counts.reduce((total, { repeated }) => total + repeated, 0),
      40 * cities.length,
    );
    assert.deepEqual(await answers(store, asked), await answers(other, asked));
    assert.equal((await answers(store, asked))[0]?.["usage__feature_time"], at(39));
  },

  async "a call whose signal has fired rejects with ABORTED and changes nothing"(subject) {
    const store = await subject.open([usage], place());
    const signal = AbortSignal.abort();
    await rejectsWith(
      store.observe("rentals", rentalRows({ city: "p", at: at(1), users: 1 }), { signal }),
      "ABORTED",
    );
    await rejectsWith(store.advance(at(9), { signal }), "ABORTED");
    const lookup = store.lookup(askedAt({ city: "p", at: at(2) }) as never, { time: "at", signal } as never);
    await rejectsWith(lookup, "ABORTED");
    assert.equal(await statusOf(store, "p", at(2)), "missing");
  },

  async "what was acknowledged is there after the server was killed, for the clients that were connected"(
    subject,
  ) {
    assert.ok(subject.restart, "the subject has no restart()");
    const [store, other] = await twoClients(subject);
    await store.observe(
      "rentals",
      rentalRows({ city: "p", at: at(1), users: 1 }, { city: "p", at: at(2), users: 2 }),
    );
    await store.advance(at(2));
    const before = await answers(other, askedAt({ city: "p", at: at(3) }));
    await subject.restart();
    assert.deepEqual(await answers(other, askedAt({ city: "p", at: at(3) })), before);
    await rejectsWith(answers(store, askedAt({ city: "p", at: at(1) })), "TIME_INVALID");
    const { accepted } = await store.observe("rentals", rentalRows({ city: "p", at: at(3), users: 3 }));
    assert.equal(accepted, 1);
    assert.equal((await answers(other, askedAt({ city: "p", at: at(3) })))[0]?.["usage__users"], 3);
  },

  async "is used no more after close, which may be called again"(subject) {
    const store = await subject.open([usage], place());
    await store.observe("rentals", rentalRows({ city: "p", at: at(1), users: 1 }));
    await store.close();
    await store.close();
    await rejectsWith(store.observe("rentals", rentalRows()), "STORE_UNAVAILABLE");
    await rejectsWith(store.advance(at(1)), "STORE_UNAVAILABLE");
    await rejectsWith(statusOf(store, "p", at(2)), "STORE_UNAVAILABLE");
  },
};

async function twoClients(subject: OnlineStoreSubject): Promise<readonly [OnlineStore, OnlineStore]> {
  const shared = place();
  return [await subject.open([usage], shared), await subject.open([usage], shared)];
}
