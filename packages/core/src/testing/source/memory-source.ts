import type { RecordBatch } from "apache-arrow";
import { throwIfAborted } from "../../abort.ts";
import { sourceAggregateTypes } from "../../arrow/source-aggregation.ts";
import { TsopsError } from "../../errors.ts";
import { checkOptions } from "../../options.ts";
import type {
  Source,
  SourceAggregation,
  SourceCapabilities,
  SourceFilter,
  SourceScan,
  SourceWrite,
} from "../../ports/source.ts";
import type { ColumnType, ColumnTypes } from "../../schema/column-type.ts";
import type { Table } from "../../schema/table.ts";
import { checkInterval } from "../../time/interval.ts";
import { aggregateRows } from "./aggregate-rows.ts";
import { byColumns, rowsOfBatch, type SourceRow, scanOrder, sourceBatches, valueText } from "./rows.ts";

/** What `memorySource` takes. */
export interface MemorySourceOptions {
  readonly table: Table;
  /** Its first rows. */
  readonly rows?: readonly SourceRow[];
  /** Rows of a batch. Default: 1024. */
  readonly batchRows?: number;
  /** Powers to hide, so that callers do without them. Default: it has all. */
  readonly capabilities?: Partial<SourceCapabilities>;
}

/** A source whose rows are an array. */
export interface MemorySource extends Source {
  /** Appends rows, all or none. */
  write(
    batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<SourceWrite>;
  /** The row of each entity with the greatest event time in the range, by keys. */
  latest(scan?: SourceScan): AsyncIterable<RecordBatch>;
  /** A row per entity and bucket that has rows, by (bucket, keys). */
  aggregate(aggregation: SourceAggregation): AsyncIterable<RecordBatch>;
  /** Appends row objects, instants in microseconds. */
  insert(rows: readonly SourceRow[]): void;
  /** Takes the table away: calls reject with STORE_NOT_FOUND until it is there again. */
  drop(): void;
  /** Makes the table again, empty. */
  recreate(): void;
  /** Rows that scans have made into batches so far. */
  readonly rowsRead: number;
}

/**
 * A source in memory: the contract's reference, for tests of what reads sources.
 * @throws TsopsError CONFIG_INVALID
 */
export function memorySource(options: MemorySourceOptions): MemorySource {
  checkOptions("CONFIG_INVALID", "memorySource()", options, {
    table: true,
    rows: true,
    batchRows: true,
    capabilities: true,
  });
  const { table, batchRows = 1024, capabilities } = options;
  const name = `table "${table.name}" in memory`;
  let stored: SourceRow[] | null = [];
  let rowsRead = 0;
  const existing = (): SourceRow[] => {
    if (stored !== null) return stored;
    throw new TsopsError("STORE_NOT_FOUND", `There is no ${name}.`, { hint: "Call recreate()." });
  };
  const insert = (rows: readonly SourceRow[]): void => {
    // Through columns: they refuse what the table cannot hold.
    const checked = sourceBatches(table.columns, rows).flatMap((batch) => rowsOfBatch(batch, table.columns));
    stored = [...existing(), ...checked];
  };
  async function* batchesOf(
    types: ColumnTypes,
    make: () => readonly SourceRow[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<RecordBatch, void, undefined> {
    throwIfAborted(signal);
    const rows = make();
    for (let at = 0; at < rows.length; at += batchRows) {
      throwIfAborted(signal);
      const piece = rows.slice(at, at + batchRows);
      rowsRead += piece.length;
      yield* sourceBatches(types, piece);
    }
    throwIfAborted(signal);
  }
  const close = async (): Promise<void> => {};
  const source: MemorySource = {
    name,
    capabilities: { write: true, latest: true, aggregate: true, ...capabilities },
    async schema({ signal } = {}) {
      throwIfAborted(signal);
      existing();
      return table;
    },
    scan(scan = {}) {
      checkScan("scan()", scan);
      const types = selectedTypes(table, scan.columns);
      const rows = () => existing().filter(filterOf(table, scan)).sort(scanOrder(table));
      return batchesOf(types, rows, scan.signal);
    },
    latest(scan = {}) {
      checkScan("latest()", scan);
      const types = selectedTypes(table, scan.columns);
      const rows = () => latestRows(table, existing().filter(filterOf(table, scan)));
      return batchesOf(types, rows, scan.signal);
    },
    aggregate(aggregation) {
      const types = sourceAggregateTypes(table, aggregation);
      const rows = () => aggregateRows(table, aggregation, existing().filter(filterOf(table, aggregation)));
      return batchesOf(types, rows, aggregation.signal);
    },
    async write(batches, { signal } = {}) {
      throwIfAborted(signal);
      existing();
      const rows: SourceRow[] = [];
      for await (const batch of batches) {
        throwIfAborted(signal);
        rows.push(...rowsOfBatch(batch, table.columns));
      }
      throwIfAborted(signal);
      insert(rows);
      return { rows: rows.length };
    },
    async health({ signal } = {}) {
      throwIfAborted(signal);
      return stored === null
        ? { isHealthy: false, detail: `There is no ${name}.`, latencyMs: 0 }
        : { isHealthy: true, detail: `${stored.length} rows in memory`, latencyMs: 0 };
    },
    insert,
    drop() {
      stored = null;
    },
    recreate() {
      stored = [];
    },
    get rowsRead() {
      return rowsRead;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
  insert(options.rows ?? []);
  return source;
}

function checkScan(call: string, scan: SourceScan): void {
  checkOptions("VALUE_INVALID", call, scan, { range: true, keys: true, columns: true, signal: true });
}

/** The type of a table's column. @throws TsopsError COLUMN_NOT_FOUND */
function selectedTypes(table: Table, names: readonly string[] = Object.keys(table.columns)): ColumnTypes {
  const types: Record<string, ColumnType> = {};
  for (const name of names) {
    const type = Object.hasOwn(table.columns, name) ? table.columns[name] : undefined;
    if (type === undefined)
      throw new TsopsError("COLUMN_NOT_FOUND", `The table has no column "${name}".`, {
        hint: `It has ${Object.keys(table.columns).join(", ")}.`,
        details: { column: name },
      });
    if (Object.hasOwn(types, name))
      throw new TsopsError("SCHEMA_INVALID", `The column "${name}" is asked for twice.`, {
        hint: "Name each column once.",
        details: { column: name },
      });
    types[name] = type;
  }
  return types;
}

/** Which rows a filter lets through. @throws TsopsError VALUE_INVALID for keys that are not the table's */
function filterOf(table: Table, { range, keys }: SourceFilter): (row: SourceRow) => boolean {
  if (range !== undefined) checkInterval("The range", range);
  for (const key of keys ?? []) checkKey(table, key);
  const wanted = keys === undefined ? null : new Set(keys.map((key) => entityOf(table, key)));
  return (row) => {
    const time = row[table.eventTime] as bigint;
    if (range !== undefined && (time < range.start || time >= range.end)) return false;
    return wanted === null || wanted.has(entityOf(table, row));
  };
}

function checkKey(table: Table, key: SourceRow): void {
  const names = Object.keys(key);
  if (names.length === table.keys.length && table.keys.every((name) => names.includes(name))) return;
  throw new TsopsError(
    "VALUE_INVALID",
    `A key of the table gives ${names.join(", ") || "nothing"}, not ${table.keys.join(", ")}.`,
    { hint: "Give a value for each of the table's keys, and for nothing else." },
  );
}

function entityOf(table: Table, row: SourceRow): string {
  return table.keys.map((name) => valueText(row[name])).join();
}

function latestRows(table: Table, rows: readonly SourceRow[]): SourceRow[] {
  const latest = new Map<string, SourceRow>();
  for (const row of rows) {
    const entity = entityOf(table, row);
    const known = latest.get(entity);
    if (known === undefined || (row[table.eventTime] as bigint) > (known[table.eventTime] as bigint))
      latest.set(entity, row);
  }
  return [...latest.values()].sort(byColumns(table.keys));
}
