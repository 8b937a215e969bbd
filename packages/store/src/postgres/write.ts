import { abortable, type Table, throwIfAborted } from "@tsops/core";
import { fromArrow } from "@tsops/core/arrow";
import type { RecordBatch } from "apache-arrow";
import { CopyIn, copyBufferStart } from "./copy-in.ts";
import { findRelation } from "./relation.ts";
import { copyHeader, copyTrailer, rowEncoder } from "./row-encoder.ts";
import type { Session } from "./session.ts";
import { quoteName } from "./sql-text.ts";

/** What `write` takes. */
export type Batches = Iterable<RecordBatch> | AsyncIterable<RecordBatch>;

// Who switched off waiting for the disk did not mean these rows: `write` promises that they are kept.
const begin = (relation: string): string => `BEGIN;
LOCK TABLE ${relation} IN ROW EXCLUSIVE MODE;
SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

/**
 * Appends rows in one transaction by `COPY ... FROM STDIN (FORMAT binary)`. The caller ends the session when this rejects,
 * which undoes what was sent.
 * @returns How many rows there were.
 */
export async function writeRows(
  session: Session,
  table: Table,
  relation: string,
  batches: Batches,
  name: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  // The lock comes first: what the catalog says then holds until the end.
  await session.run(begin(relation));
  const { columns } = await findRelation(session, table, relation, "write");
  const names = [...columns.keys()].map(quoteName).join(", ");
  const copy = new CopyIn(`COPY ${relation} (${names}) FROM STDIN (FORMAT binary)`, name, signal);
  const encoder = rowEncoder([...columns.values()]);
  try {
    session.submit(copy);
    let buffer = await copy.buffer();
    let at = copyBufferStart + copyHeader.copy(buffer.bytes, copyBufferStart);
    for await (const batch of untilAborted(batches, signal)) {
      encoder.begin(fromArrow(batch, table.columns));
      for (;;) {
        at = encoder.write(buffer.bytes, buffer.view, at);
        if (encoder.isDone) break;
        copy.send(buffer, at);
        buffer = await copy.buffer(copyBufferStart + encoder.needed);
        at = copyBufferStart;
      }
    }
    if (at + copyTrailer.length > buffer.bytes.length) {
      copy.send(buffer, at);
      buffer = await copy.buffer();
      at = copyBufferStart;
    }
    copy.send(buffer, at + copyTrailer.copy(buffer.bytes, at));
    await copy.end(encoder.rows);
  } finally {
    copy.close();
  }
  throwIfAborted(signal);
  await session.commit();
  return encoder.rows;
}

/** The batches; a signal ends the wait for the next one as well. */
async function* untilAborted(
  batches: Batches,
  signal: AbortSignal | undefined,
): AsyncGenerator<RecordBatch, void, undefined> {
  const iterator =
    Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
  let isDone = false;
  try {
    for (;;) {
      const next = await abortable(Promise.resolve(iterator.next()), signal);
      if (next.done) {
        isDone = true;
        return;
      }
      yield next.value;
    }
  } finally {
    // Not waited for: a source that hangs must not hold up whoever gave up on it.
    if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}
