import assert from "node:assert/strict";
import { int64, timestamp, utf8 } from "../../schema/column-type.ts";
import { table } from "../../schema/table.ts";
import { toMicros } from "../../time/instant.ts";
import { rejectsWith } from "../tracker.ts";
import { rowsOfBatch, type SourceRow, valueText } from "./rows.ts";
import {
  assertOrdered,
  assertSameRows,
  filled,
  hour,
  insertRows,
  loadRows,
  loadTable,
  type SourceSubject,
  scanned,
  start,
  uniqueTable,
} from "./subject.ts";

/** What `scan` promises about values, order, range, keys and columns. */
export const readCases: Readonly<Record<string, (subject: SourceSubject) => Promise<void>>> = {
  async "as many rows are read as were written, with every value, by (event time, keys)"(subject) {
    const definition = loadTable();
    const rows = loadRows(300);
    const { source } = await filled(subject, definition, rows);
    const found = await scanned(source);
    assert.equal(found.length, rows.length);
    assertSameRows(found, rows, definition);
    assertOrdered(found, definition);
  },
  async "the schema is what the caller declared"(subject) {
    const definition = loadTable();
    const { source } = await filled(subject, definition, []);
    assert.deepEqual(await source.schema(), definition);
    assert.deepEqual(await scanned(source), []);
  },
  async "batches have the types of the table, columns in its order"(subject) {
    const definition = loadTable();
    const { source } = await filled(subject, definition, loadRows(20));
    for await (const batch of source.scan()) {
      assert.deepEqual(
        batch.schema.fields.map((field) => field.name),
        Object.keys(definition.columns),
      );
      // Refuses other kinds, nulls where none are declared, and instants finer than a microsecond.
      assert.equal(rowsOfBatch(batch, definition.columns).length, batch.numRows);
    }
  },
  async "rows of one instant are by their keys, text by its bytes in UTF-8"(subject) {
    const definition = loadTable();
    const rows = loadRows(18).map((row) => ({ ...row, at: start }));
    const { source } = await filled(subject, definition, rows);
    const found = await scanned(source, { columns: ["station", "meter"] });
    const stations = ["Z", "a", "b", "ü", "\uffee", "𝒶"];
    const expected = stations.flatMap((station) =>
      [-3n, 7n, 2n ** 60n + 1n].map((meter) => ({ station, meter })),
    );
    assert.deepEqual(found, expected);
  },
  async "duplicates are kept, each as often as it was written"(subject) {
    const definition = loadTable();
    const rows = loadRows(30);
    const opened = await filled(subject, definition, [...rows, ...rows.slice(0, 7)]);
    await insertRows(opened, definition, rows.slice(0, 3));
    const expected = [...rows, ...rows.slice(0, 7), ...rows.slice(0, 3)];
    assertSameRows(await scanned(opened.source), expected, definition);
  },
  async "a range is half-open: its start belongs to it, its end does not"(subject) {
    const definition = loadTable();
    const [base] = loadRows(1) as [SourceRow];
    const instants = [start - 1n, start, start + 1n, start + hour - 1n, start + hour, start + hour + 1n];
    const { source } = await filled(
      subject,
      definition,
      instants.map((at) => ({ ...base, at })),
    );
    const times = async (from: bigint, to: bigint) =>
      (await scanned(source, { range: { start: from, end: to }, columns: ["at"] })).map((row) => row["at"]);
    assert.deepEqual(await times(start, start + hour), instants.slice(1, 4));
    assert.deepEqual(await times(start, start + 1n), [start]);
    assert.deepEqual(await times(start, start), []);
    assert.deepEqual(await times(start + hour + 2n, start + 2n * hour), []);
    assert.deepEqual(await times(-(2n ** 63n), 2n ** 63n - 1n), instants);
  },
  async "a range that ends before it starts, or is not in microseconds, is refused"(subject) {
    const { source } = await filled(subject, loadTable(), loadRows(3));
    const day = "2024-01-01T00:00Z";
    for (const range of [
      { start: start + 1n, end: start },
      { start: day, end: day },
      { start: 0, end: 1 },
      { start },
    ])
      await rejectsWith(scanned(source, { range } as never), "TIME_INVALID");
  },
  async "microseconds come back exactly, before 1970 as well"(subject) {
    const definition = loadTable();
    const [base] = loadRows(1) as [SourceRow];
    const instants = [
      "1969-12-31T23:59:59.999999Z",
      "1970-01-01T00:00:00.000001Z",
      "1970-01-01T00:00:00.123456Z",
    ].map((text) => toMicros(text));
    const rows = instants.map((at) => ({ ...base, at, known: at - 1n }));
    const { source } = await filled(subject, definition, rows);
    assertSameRows(await scanned(source), rows, definition);
  },
  async "int64 beyond 2^53 is exact, as a key too"(subject) {
    const definition = loadTable();
    const [base] = loadRows(1) as [SourceRow];
    const numbers = [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
    const rows = numbers.map((n) => ({ ...base, meter: n, n }));
    const { source } = await filled(subject, definition, rows);
    assertSameRows(await scanned(source), rows, definition);
    const meter = 2n ** 53n + 1n;
    const found = await scanned(source, { keys: [{ station: "b", meter }], columns: ["n"] });
    assert.deepEqual(found, [{ n: meter }]);
  },
  async "nulls stay nulls, apart from empty text, zero, false and NaN"(subject) {
    const definition = loadTable();
    const key = { station: "", meter: 0n };
    const rows: SourceRow[] = [
      { ...key, at: start, mw: null, n: null, note: null, holiday: null, known: null },
      { ...key, at: start + 1n, mw: 0, n: 0n, note: "", holiday: false, known: 0n },
      { ...key, at: start + 2n, mw: Number.NaN, n: 0n, note: "null", holiday: true, known: 1n },
    ];
    const { source } = await filled(subject, definition, rows);
    assert.deepEqual(await scanned(source), rows);
  },
  async "a zone in the table's definition changes nothing in what is stored"(subject) {
    const zoned = timestamp({ zone: "Europe/Berlin" });
    const columns = { station: utf8(), at: zoned, known: zoned, n: int64() };
    const definition = table({ name: uniqueTable(), columns, keys: ["station"], eventTime: "at" });
    // The hour that Berlin has twice, and the one it lacks.
    const instants = ["2024-10-27T00:30:00Z", "2024-10-27T01:30:00Z", "2024-03-31T01:30:00Z"]
      .map((text) => toMicros(text))
      .sort();
    const rows = instants.map((at, n) => ({ station: "a", at, known: at + 1n, n: BigInt(n) }));
    const { source } = await filled(subject, definition, rows);
    assert.deepEqual(await scanned(source), rows);
    const range = { start: instants[0] as bigint, end: (instants[0] as bigint) + 1n };
    assert.deepEqual(await scanned(source, { range }), rows.slice(0, 1));
  },
  async "columns are given as asked, in that order"(subject) {
    const definition = loadTable();
    const rows = loadRows(25);
    const { source } = await filled(subject, definition, rows);
    for await (const batch of source.scan({ columns: ["n", "station"] }))
      assert.deepEqual(
        batch.schema.fields.map((field) => field.name),
        ["n", "station"],
      );
    const texts = (found: readonly SourceRow[]) =>
      found.map((row) => `${valueText(row["n"])} ${valueText(row["station"])}`).sort();
    assert.deepEqual(texts(await scanned(source, { columns: ["n", "station"] })), texts(rows));
  },
  async "unknown columns and keys are refused"(subject) {
    const { source } = await filled(subject, loadTable(), loadRows(3));
    await rejectsWith(scanned(source, { columns: ["at", "nope"] }), "COLUMN_NOT_FOUND");
    await rejectsWith(scanned(source, { columns: ["at", "at"] }), "SCHEMA_INVALID");
    await rejectsWith(scanned(source, { keys: [{ station: "a" }] }), "VALUE_INVALID");
    await rejectsWith(scanned(source, { keys: [{ station: "a", meter: 7n, mw: true }] }), "VALUE_INVALID");
    await rejectsWith(scanned(source, { limit: 1 } as never), "VALUE_INVALID");
  },
  async "keys choose entities by all of their values; an empty list reads nothing"(subject) {
    const definition = loadTable();
    const rows = loadRows(90);
    const { source } = await filled(subject, definition, rows);
    const keys = [
      { station: "a", meter: 7n },
      { station: "𝒶", meter: -3n },
      { station: "a'; --", meter: 7n },
      { station: "a", meter: 7n },
    ];
    const isWanted = ({ station, meter }: SourceRow) =>
      (station === "a" && meter === 7n) || (station === "𝒶" && meter === -3n);
    const expected = rows.filter(isWanted);
    assert.ok(expected.length > 4);
    assertSameRows(await scanned(source, { keys }), expected, definition);
    const range = { start: start + hour, end: start + 8n * hour };
    const within = expected.filter(
      (row) => (row["at"] as bigint) >= range.start && (row["at"] as bigint) < range.end,
    );
    assertSameRows(await scanned(source, { keys, range }), within, definition);
    assert.deepEqual(await scanned(source, { keys: [] }), []);
  },
};
