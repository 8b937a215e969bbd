import { type ColumnKind, checkWord, durationMicros, type Table, TsopsError } from "@tsops/core";
import type { Session } from "./session.ts";
import { quoteName, quoteText } from "./sql-text.ts";

/** What `createTable` takes. */
export interface CreateTableOptions {
  /** With TimescaleDB: how much time one chunk of the hypertable holds. Default: `"7d"`. */
  readonly chunk?: string;
  /**
   * `time`: an index by (event time, keys), which is the order of a scan. `keys`: one by (keys, event time), which finds single entities in
   * long tables; every index makes writing slower. Default: `["time"]`.
   */
  readonly indexes?: readonly ("time" | "keys")[];
  readonly signal?: AbortSignal | undefined;
}

const serverTypes: Readonly<Record<ColumnKind, string>> = {
  float64: "double precision",
  int64: "bigint",
  // Text in the order of its bytes: a scan's order is then the index's.
  utf8: 'text COLLATE "C"',
  bool: "boolean",
  timestamp: "timestamp with time zone",
};

const longestName = 63;

/** Makes the table, its indexes and, with TimescaleDB, a hypertable of it; all or nothing. */
export async function createTableIn(
  session: Session,
  table: Table,
  relation: string,
  { chunk = "7d", indexes = ["time"] }: CreateTableOptions,
): Promise<void> {
  const columns = Object.entries(table.columns).map(([name, type]) => {
    if (Buffer.byteLength(name) > longestName)
      throw new TsopsError(
        "SCHEMA_INVALID",
        `The name of column "${name}" has more than ${longestName} bytes.`,
        {
          hint: "Shorten it: PostgreSQL would cut it.",
          details: { column: name },
        },
      );
    return `${quoteName(name)} ${serverTypes[type.kind]}${type.nullable ? "" : " NOT NULL"}`;
  });
  const [timescale] = await session.rows(
    "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb'",
  );
  const time = quoteName(table.eventTime);
  const keys = table.keys.map(quoteName);
  const statements = ["BEGIN", `CREATE TABLE ${relation} (${columns.join(", ")})`];
  if (timescale !== undefined) {
    const micros = durationMicros(chunk);
    const schema = timescale[0];
    statements.push(
      `SELECT ${schema}.create_hypertable(${quoteText(relation)}::regclass, ${schema}.by_range(${quoteText(table.eventTime)}, interval '${micros} microseconds'), create_default_indexes => false)`,
    );
  }
  for (const index of indexes) checkWord("CONFIG_INVALID", "An index", index, ["time", "keys"]);
  if (indexes.includes("time"))
    statements.push(`CREATE INDEX ON ${relation} (${[time, ...keys].join(", ")})`);
  if (indexes.includes("keys") && keys.length > 0)
    statements.push(`CREATE INDEX ON ${relation} (${[...keys, `${time} DESC`].join(", ")})`);
  await session.run([...statements, "COMMIT"].join(";\n"));
}
