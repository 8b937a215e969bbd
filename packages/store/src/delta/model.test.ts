import fc from "fast-check";
import { expect, it } from "vitest";
import { load, rowsOf, scratch, steppingClock } from "../../test/delta/scratch.ts";
import { createTable, type DeltaTable, openTable } from "./table.ts";

const { directory, engine } = scratch();

/** A row as the model keeps it, with its place in the order of ingest. */
interface ModelRow {
  readonly station: string | null;
  readonly at: bigint;
  readonly known: bigint | null;
  readonly mw: number | null;
  readonly meter: bigint;
  readonly _ingest_version: bigint;
  readonly _ingest_row: bigint;
}

const columns = ["station", "at", "known", "mw", "meter", "_ingest_version", "_ingest_row"] as const;

const rowInput = fc.record({
  station: fc.constantFrom(null, "", "a", "A", "a\u0000", "žluťoučký kůň v poli"),
  at: fc.bigInt({ min: -50n, max: 50n }),
  known: fc.option(fc.bigInt({ min: -9n, max: 9n })),
  mw: fc.option(fc.double()),
  meter: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
});
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      rows: fc.array(rowInput, { maxLength: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("appendOnce" as const),
      rows: fc.array(rowInput, { minLength: 1, maxLength: 3 }),
      version: fc.integer({ min: 0, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("compact" as const),
      targetBytes: fc.constantFrom(3000, 10 ** 9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reopen" as const) }) },
);
const bound = fc.option(fc.bigInt({ min: -60n, max: 60n }), { nil: undefined });
const query = fc
  .record({
    start: bound,
    end: bound,
    station: fc.option(fc.constantFrom("", "a", "A"), { nil: undefined }),
    order: fc.constantFrom("ingest" as const, "time" as const),
    version: fc.nat(),
  })
  .filter(({ start, end }) => start === undefined || end === undefined || start <= end);

function compareIngest(a: ModelRow, b: ModelRow): number {
  return Number(a._ingest_version - b._ingest_version) || Number(a._ingest_row - b._ingest_row);
}

it("a table answers every query, at every version, like a list of rows", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(query, { minLength: 3, maxLength: 3 }),
      async (steps, queries) => {
        const path = await directory();
        const clock = steppingClock();
        let table: DeltaTable<typeof load.columns> = await createTable(path, load, {
          clock,
          engine: engine(),
        });
        const rows: ModelRow[] = [];
        let version = 0;
        let done = -1;
        const add = (inputs: readonly Omit<ModelRow, "_ingest_version" | "_ingest_row">[]) => {
          version++;
          inputs.forEach((input, i) => {
            rows.push({ ...input, _ingest_version: BigInt(version), _ingest_row: BigInt(i) });
          });
        };
        for (const one of steps) {
          if (one.kind === "append") {
            const result = await table.append(one.rows);
            if (one.rows.length > 0) add(one.rows);
            expect(result).toEqual({ version, rows: one.rows.length, duplicate: false });
          } else if (one.kind === "appendOnce") {
            const { duplicate } = await table.append(one.rows, {
              txn: { appId: "app", version: one.version },
            });
            expect(duplicate).toBe(one.version <= done);
            if (!duplicate) add(one.rows);
            done = Math.max(done, one.version);
          } else if (one.kind === "compact") {
            const result = await table.compact({ targetBytes: one.targetBytes });
            if (result.removed > 0) version++;
            expect(result.version).toBe(version);
          } else {
            table = await openTable(path, { clock, engine: engine(), definition: load });
          }
        }
        expect((await table.snapshot()).version).toBe(version);
        for (const wanted of [
          { order: "ingest" as const, version, start: undefined, end: undefined, station: undefined },
          ...queries,
        ]) {
          const at = wanted.version % (version + 1);
          const expected = rows
            .filter((row) => row._ingest_version <= BigInt(at))
            .filter((row) => wanted.start === undefined || row.at >= wanted.start)
            .filter((row) => wanted.end === undefined || row.at < wanted.end)
            .filter((row) => wanted.station === undefined || row.station === wanted.station)
            .sort((a, b) => (wanted.order === "time" ? Number(a.at - b.at) : 0) || compareIngest(a, b));
          const range = {
            ...(wanted.start === undefined ? {} : { start: wanted.start }),
            ...(wanted.end === undefined ? {} : { end: wanted.end }),
          };
          const found = await (await table.snapshot({ version: at })).read({
            columns,
            range,
            order: wanted.order,
            ...(wanted.station === undefined ? {} : { keys: [{ station: wanted.station }] }),
          });
          expect(rowsOf(found)).toEqual(expected);
        }
      },
    ),
    { numRuns: 25 },
  );
});
