import assert from "node:assert/strict";
import type { Source, SourceAggregate, SourceFilter } from "../../ports/source.ts";
import { createRandom } from "../../random.ts";
import { rejectsWith } from "../tracker.ts";
import { memorySource } from "./memory-source.ts";
import { type SourceRow, sourceRows } from "./rows.ts";
import { filled, hour, loadTable, type SourceSubject, start } from "./subject.ts";

const aggregates: Readonly<Record<string, SourceAggregate>> = {
  rows: { column: "at", kind: "count" },
  mw_count: { column: "mw", kind: "count" },
  mw_sum: { column: "mw", kind: "sum" },
  mw_mean: { column: "mw", kind: "mean" },
  mw_min: { column: "mw", kind: "min" },
  mw_max: { column: "mw", kind: "max" },
  mw_first: { column: "mw", kind: "first" },
  mw_last: { column: "mw", kind: "last" },
  n_sum: { column: "n", kind: "sum" },
  n_mean: { column: "n", kind: "mean" },
  n_min: { column: "n", kind: "min" },
  n_last: { column: "n", kind: "last" },
  note_max: { column: "note", kind: "max" },
  note_first: { column: "note", kind: "first" },
  holiday_min: { column: "holiday", kind: "min" },
  holiday_last: { column: "holiday", kind: "last" },
  known_max: { column: "known", kind: "max" },
};

/** Sums depend on the order of their parts; everything else is exact. */
const rounded = new Set(["mw_sum", "mw_mean", "n_mean"]);

/** `latest` and `aggregate`, where a source has them, against the reference on random rows. */
export const pushDownCases: Readonly<Record<string, (subject: SourceSubject) => Promise<void>>> = {
  async "latest is the row of each entity with the greatest event time, by keys"(subject) {
    for (const seed of ["latest-1", "latest-2", "latest-3"]) {
      const { source, reference, filters } = await randomSources(subject, seed);
      if (!source.capabilities.latest) return;
      assert.ok(source.latest, "capabilities say that latest is there");
      for (const filter of filters) {
        assert.deepEqual(await sourceRows(source.latest(filter)), await sourceRows(reference.latest(filter)));
        const scan = { ...filter, columns: ["n", "station"] };
        assert.deepEqual(await sourceRows(source.latest(scan)), await sourceRows(reference.latest(scan)));
      }
    }
  },
  async "aggregate is a row per entity and bucket, by (bucket, keys)"(subject) {
    for (const seed of ["aggregate-1", "aggregate-2", "aggregate-3"]) {
      const { source, reference, filters } = await randomSources(subject, seed);
      if (!source.capabilities.aggregate) return;
      assert.ok(source.aggregate, "capabilities say that aggregate is there");
      for (const every of ["15m", "1h", "7h", "1d"])
        for (const filter of filters) {
          const aggregation = { ...filter, every, aggregates };
          assertAggregates(
            await sourceRows(source.aggregate(aggregation)),
            await sourceRows(reference.aggregate(aggregation)),
          );
        }
    }
  },
  async "aggregates of columns that are not there, and sums of text, are refused"(subject) {
    const { source } = await filled(subject, loadTable(), []);
    if (!source.capabilities.aggregate) return;
    const run = async (one: SourceAggregate, every = "1h", name = "x") =>
      sourceRows(
        (source.aggregate as NonNullable<Source["aggregate"]>)({ every, aggregates: { [name]: one } }),
      );
    await rejectsWith(run({ column: "nope", kind: "count" }), "COLUMN_NOT_FOUND");
    await rejectsWith(run({ column: "note", kind: "sum" }), "VALUE_INVALID");
    await rejectsWith(run({ column: "mw", kind: "median" as never }), "VALUE_INVALID");
    await rejectsWith(run({ column: "mw", kind: "sum" }, "0s"), "DURATION_INVALID");
    await rejectsWith(run({ column: "mw", kind: "sum" }, "1h", "station"), "SCHEMA_INVALID");
    assert.deepEqual(await run({ column: "mw", kind: "sum" }), []);
  },
};

/** The same random rows in the source and in memory, before 1970 as well; (event time, keys) of each row is its own. */
async function randomSources(subject: SourceSubject, seed: string) {
  const random = createRandom(seed);
  const { integer } = random;
  const orNull = <T>(value: T): T | null => (random.uniform() < 0.3 ? null : value);
  const definition = loadTable();
  const rows: SourceRow[] = Array.from({ length: 400 }, (_, i) => ({
    station: ["a", "B", "ü", "𝒶", "\uffee"][integer(5)] as string,
    meter: BigInt(integer(2)),
    at: (i % 4 === 0 ? -6n * hour : start) + BigInt(integer(40 * 3600)) * 1_000_000n + BigInt(i),
    mw: orNull(random.uniform() < 0.03 ? Number.NaN : random.uniform() * 100 - 50),
    n: orNull(BigInt(integer(1000) - 500) * 2n ** 45n + 1n),
    note: orNull(["x", "Y", "ä", "𝒷", "\uffee", ""][integer(6)] as string),
    holiday: orNull(random.uniform() < 0.5),
    known: orNull(start + BigInt(integer(1_000_000))),
  }));
  const { source } = await filled(subject, definition, rows);
  const filters: SourceFilter[] = [
    {},
    { range: { start: start + hour, end: start + 20n * hour + 1n } },
    {
      keys: [
        { station: "a", meter: 1n },
        { station: "𝒶", meter: 0n },
      ],
    },
    { keys: [] },
    { range: { start: -(10n ** 15n), end: start }, keys: [{ station: "B", meter: 1n }] },
  ];
  return { source, reference: memorySource({ table: definition, rows }), filters };
}

function assertAggregates(actual: readonly SourceRow[], expected: readonly SourceRow[]): void {
  assert.equal(actual.length, expected.length);
  expected.forEach((row, i) => {
    for (const [name, value] of Object.entries(row)) {
      const found = (actual[i] as SourceRow)[name];
      if (rounded.has(name) && typeof value === "number" && typeof found === "number" && !Number.isNaN(value))
        // Parts up to 50 (or 2^60) may cancel out: the bound is relative to them.
        assert.ok(
          Math.abs(found - value) <= 1e-9 * Math.max(Math.abs(value), name === "n_mean" ? 2 ** 50 : 1),
          `${name} of row ${i} is ${found}, not ${value}`,
        );
      else assert.deepEqual(found, value, `${name} of row ${i}`);
    }
  });
}
