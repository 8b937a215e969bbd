import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import type { RecordBatch } from "apache-arrow";
import { TsopsError } from "../../errors.ts";
import { rejectsWith } from "../tracker.ts";
import { rowsOfBatch, type SourceRow, sourceBatches, sourceRows } from "./rows.ts";
import {
  assertSameRows,
  filled,
  insertRows,
  loadRows,
  loadTable,
  narrowRows,
  narrowTable,
  type SourceSubject,
  scanned,
} from "./subject.ts";

/** More rows than the buffers between a server and a batch or two hold. */
const many = 300_000;

/** What calls promise about writing, cancelling, stopping, slow consumers and servers that go away. */
export const flowCases: Readonly<Record<string, (subject: SourceSubject) => Promise<void>>> = {
  async "a written row is there when write has resolved, and its answer counts the rows"(subject) {
    const definition = loadTable();
    const { source } = await subject.open(definition);
    if (source.write === undefined) return;
    const rows = loadRows(50);
    assert.deepEqual(await source.write(sourceBatches(definition.columns, rows, 7)), { rows: 50 });
    assert.equal((await scanned(source)).length, 50);
    assert.deepEqual(await source.write([]), { rows: 0 });
    assert.equal((await scanned(source)).length, 50);
  },
  async "write appends all rows or none: a stream of batches that fails leaves nothing behind"(subject) {
    const definition = loadTable();
    const { source } = await subject.open(definition);
    if (source.write === undefined) return;
    const rows = loadRows(40);
    await source.write(sourceBatches(definition.columns, rows));
    const broken = new Error("the stream broke");
    async function* stream(): AsyncGenerator<RecordBatch> {
      yield* sourceBatches(definition.columns, loadRows(1000), 100);
      throw broken;
    }
    await assert.rejects(
      source.write(stream()),
      (error) => error === broken || (error as Error).cause === broken,
    );
    assertSameRows(await scanned(source), rows, definition);
    const controller = new AbortController();
    async function* aborted(): AsyncGenerator<RecordBatch> {
      yield* sourceBatches(definition.columns, loadRows(1000), 100);
      controller.abort();
      yield* sourceBatches(definition.columns, loadRows(1000), 100);
    }
    await rejectsWith(source.write(aborted(), { signal: controller.signal }), "ABORTED");
    assertSameRows(await scanned(source), rows, definition);
  },
  async "write refuses batches that lack a column, and then writes nothing"(subject) {
    const definition = loadTable();
    const { source } = await subject.open(definition);
    if (source.write === undefined) return;
    const { mw: _, ...columns } = definition.columns;
    const short = sourceBatches(columns, loadRows(5));
    await rejectsWith(
      source.write([...sourceBatches(definition.columns, loadRows(5)), ...short]),
      "SCHEMA_MISMATCH",
    );
    assert.deepEqual(await scanned(source), []);
  },
  async "a table that was dropped is an error, and one that was made again is read as it is"(subject) {
    const definition = loadTable();
    const opened = await filled(subject, definition, loadRows(10));
    assert.equal((await scanned(opened.source)).length, 10);
    await opened.drop();
    await rejectsWith(scanned(opened.source), "STORE_NOT_FOUND");
    await rejectsWith(opened.source.schema(), "STORE_NOT_FOUND");
    await opened.recreate();
    assert.deepEqual(await scanned(opened.source), []);
    await insertRows(opened, definition, loadRows(4));
    assert.equal((await scanned(opened.source)).length, 4);
  },
  async "a signal that has fired ends every call with ABORTED"(subject) {
    const definition = loadTable();
    const { source } = await filled(subject, definition, loadRows(10));
    const signal = AbortSignal.abort();
    await rejectsWith(scanned(source, { signal }), "ABORTED");
    await rejectsWith(source.schema({ signal }), "ABORTED");
    await rejectsWith(source.health({ signal }), "ABORTED");
    if (source.write !== undefined)
      await rejectsWith(source.write(sourceBatches(definition.columns, loadRows(5)), { signal }), "ABORTED");
    if (source.latest !== undefined) await rejectsWith(sourceRows(source.latest({ signal })), "ABORTED");
    if (source.aggregate !== undefined)
      await rejectsWith(sourceRows(source.aggregate({ every: "1h", aggregates: {}, signal })), "ABORTED");
    assert.equal((await scanned(source)).length, 10);
  },
  async "a signal that fires in the middle of a scan ends it, and the source goes on"(subject) {
    const { source } = await filled(subject, narrowTable(), narrowRows(many));
    const controller = new AbortController();
    let rows = 0;
    const read = async () => {
      for await (const batch of source.scan({ signal: controller.signal })) {
        rows += batch.numRows;
        controller.abort();
      }
    };
    await rejectsWith(read(), "ABORTED");
    assert.ok(rows > 0 && rows < many, `${rows} rows came`);
    assert.equal((await scanned(source, { columns: ["at"] })).length, many);
  },
  async "a consumer may stop early, again and again"(subject) {
    const { source } = await filled(subject, narrowTable(), narrowRows(many));
    for (let i = 0; i < 12; i++)
      for await (const batch of source.scan()) {
        assert.ok(batch.numRows < many);
        break;
      }
    assert.equal((await source.health()).isHealthy, true);
    assert.equal((await scanned(source, { columns: ["at"] })).length, many);
  },
  async "a slow consumer holds the source back, and loses nothing"(subject) {
    const opened = await filled(subject, narrowTable(), narrowRows(many));
    const { source } = opened;
    const before = opened.rowsRead?.() ?? 0;
    let [rows, largest] = [0, 0];
    for await (const batch of source.scan()) {
      if (rows === 0) {
        // Time for a source that runs ahead to do so: other calls go to the server and back meanwhile.
        for (let i = 0; i < 20; i++) {
          assert.equal((await source.health()).isHealthy, true);
          await setImmediate();
        }
        if (opened.rowsRead !== undefined)
          assert.ok(opened.rowsRead() - before < many, "all rows were read ahead");
      }
      for (const row of rowsOfBatch(batch)) assert.equal(row["mw"], rows++);
      largest = Math.max(largest, batch.numRows);
    }
    assert.equal(rows, many);
    assert.ok(largest < many, "all rows came as one batch");
  },
  async "scans at the same time do not disturb each other"(subject) {
    const { source } = await filled(subject, narrowTable(), narrowRows(5000));
    const found = await Promise.all(Array.from({ length: 4 }, () => scanned(source)));
    for (const rows of found) assert.deepEqual(rows, narrowRows(5000));
  },
  async "a healthy source says so, and says nothing of passwords"(subject) {
    const { source } = await filled(subject, loadTable(), []);
    const health = await source.health();
    assert.equal(health.isHealthy, true);
    assert.ok(health.detail !== "" && health.latencyMs >= 0);
    assert.doesNotMatch(health.detail, /password|:\/\/[^/]*@/i);
  },
  async "a server that restarts in the middle of a scan is an error or nothing, never fewer rows"(subject) {
    if (subject.restart === undefined) return;
    const { source } = await filled(subject, narrowTable(), narrowRows(many));
    const rows: SourceRow[] = [];
    let failure: unknown = null;
    try {
      for await (const batch of source.scan()) {
        if (rows.length === 0) await subject.restart();
        for (const row of rowsOfBatch(batch)) rows.push(row);
      }
    } catch (error) {
      failure = error;
    }
    if (failure === null) assert.equal(rows.length, many);
    else assert.ok(TsopsError.is(failure, "ADAPTER_UNAVAILABLE"), String(failure));
    assert.deepEqual(rows, narrowRows(rows.length));
    assert.equal((await scanned(source, { columns: ["at"] })).length, many);
  },
  async "close ends a scan that has begun, before its first batch or after it"(subject) {
    for (const isAtWork of [false, true]) {
      const { source } = await filled(subject, narrowTable(), narrowRows(many));
      const batches = source.scan()[Symbol.asyncIterator]();
      if (isAtWork) await batches.next();
      const rest = (async () => {
        let rows = isAtWork ? 1 : 0;
        for (let next = await batches.next(); next.done !== true; next = await batches.next())
          rows += next.value.numRows;
        return rows;
      })();
      const [ended] = await Promise.allSettled([rest, source.close()]);
      // A source may let a scan end first; what it must not do is let it wait for ever, or end it short in silence.
      if (ended.status === "rejected")
        assert.ok(TsopsError.is(ended.reason, "STORE_UNAVAILABLE"), String(ended.reason));
      else assert.ok(ended.value > 0);
    }
  },
  async "close may be called twice"(subject) {
    const { source } = await filled(subject, loadTable(), []);
    await source.close();
    await source.close();
  },
};
