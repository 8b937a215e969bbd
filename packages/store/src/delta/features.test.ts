import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { TsopsError, table, timestamp, utf8 } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { rowsOf, scratch } from "../../test/delta/scratch.ts";
import { quoteText } from "../engine/sql-text.ts";
import { openTable } from "./table.ts";

const { directory, engine } = scratch();

interface Foreign {
  readonly protocol?: object;
  readonly configuration?: object;
  readonly partitionColumns?: readonly string[];
  readonly format?: string;
  readonly fields?: readonly object[];
  readonly adds?: readonly object[];
}

const field = (name: string, type: unknown, metadata: object = {}) => ({
  name,
  type,
  nullable: true,
  metadata,
});

/** A table as another tool might have written it. */
async function foreignTable(options: Foreign = {}): Promise<string> {
  const path = await directory();
  await mkdir(join(path, "_delta_log"), { recursive: true });
  const fields = options.fields ?? [field("at", "timestamp"), field("k", "string")];
  const lines = [
    { protocol: options.protocol ?? { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: "x",
        format: { provider: options.format ?? "parquet", options: {} },
        schemaString: JSON.stringify({ type: "struct", fields }),
        partitionColumns: options.partitionColumns ?? [],
        configuration: options.configuration ?? {},
      },
    },
    ...(options.adds ?? []).map((add) => ({
      add: { partitionValues: {}, size: 1, modificationTime: 1_600_000_000_000, dataChange: true, ...add },
    })),
  ];
  await writeFile(
    join(path, "_delta_log", "00000000000000000000.json"),
    lines.map((line) => `${JSON.stringify(line)}\n`).join(""),
  );
  return path;
}

async function featuresOf(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!TsopsError.is(error, "STORE_UNSUPPORTED"))
    throw new Error(`Expected STORE_UNSUPPORTED, got ${String(error)}`);
  for (const feature of error.details["features"] as string[]) expect(error.message).toContain(feature);
  return error.details["features"];
}

describe("a table of another tool", () => {
  it.each<[string, Foreign, readonly string[]]>([
    [
      "deletion vectors",
      { protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["deletionVectors"] } },
      ["deletionVectors"],
    ],
    [
      "a deletion vector in a file",
      { adds: [{ path: "a.parquet", deletionVector: { storageType: "u" } }] },
      ["deletionVectors"],
    ],
    ["column mapping", { protocol: { minReaderVersion: 2, minWriterVersion: 5 } }, ["columnMapping"]],
    [
      "column mapping in its settings",
      { configuration: { "delta.columnMapping.mode": "name" } },
      ["columnMapping"],
    ],
    [
      "an unknown reader version",
      { protocol: { minReaderVersion: 4, minWriterVersion: 7 } },
      ["reader version 4"],
    ],
    ["partition columns", { partitionColumns: ["k"] }, ["partition columns (k)"]],
    ["another file format", { format: "orc" }, ["format orc"]],
    ["files elsewhere", { adds: [{ path: "s3://bucket/a.parquet" }] }, ["absolute paths"]],
  ])("that uses %s is refused by the feature's name", async (_, options, features) => {
    expect(await featuresOf(openTable(await foreignTable(options), { engine: engine() }))).toEqual(features);
  });

  it.each<[string, Foreign, readonly string[]]>([
    ["change data", { protocol: { minReaderVersion: 1, minWriterVersion: 4 } }, ["writer version 4"]],
    [
      "writer features",
      {
        protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["appendOnly", "rowTracking"] },
      },
      ["rowTracking"],
    ],
    ["invariants", { fields: [field("k", "string", { "delta.invariants": "{}" })] }, ["column invariants"]],
  ])("that asks writers for %s can be read but not written", async (_, options, features) => {
    const opened = await openTable(await foreignTable(options), { engine: engine() });
    expect((await (await opened.snapshot()).read()).length).toBe(0);
    expect(await featuresOf(opened.append([{ k: "a" }]))).toEqual(features);
    expect(await featuresOf(opened.compact())).toEqual(features);
  });

  it("is readable and appendable when its features are those of writer version 2", async () => {
    const path = await foreignTable({
      protocol: { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ["appendOnly", "invariants"] },
    });
    const opened = await openTable(path, { engine: engine() });
    await opened.append([{ at: 1n, k: "a" }]);
    expect(rowsOf(await (await opened.snapshot()).read())).toEqual([{ at: 1n, k: "a" }]);
  });

  it("is read with its narrower types widened and written in them", async () => {
    const fields = [
      field("at", "timestamp"),
      field("b", "byte"),
      field("s", "short"),
      field("i", "integer"),
      field("f", "float"),
      field("d", "date"),
      field("n", "decimal(10,2)"),
    ];
    const path = await foreignTable({ fields });
    const opened = await openTable(path, { engine: engine() });
    const row = { at: 5n, b: -128n, s: 32767n, i: -2147483648n, f: 0.5, d: 86_400_000_000n, n: 1234.56 };
    await opened.append([row, {}]);
    const nulls = Object.fromEntries(Object.keys(row).map((name) => [name, null]));
    const snapshot = await opened.snapshot();
    expect(rowsOf(await snapshot.read())).toEqual([row, nulls]);
    const [file] = (await snapshot.scan()).files;
    const stored = await engine().use((session) =>
      session.columns(
        `SELECT name, duckdb_type FROM parquet_schema(${quoteText(file?.path as string)}) WHERE type IS NOT NULL`,
      ),
    );
    expect(rowsOf(stored).map((one) => one["duckdb_type"])).toEqual([
      "TIMESTAMP WITH TIME ZONE",
      "TINYINT",
      "SMALLINT",
      "INTEGER",
      "FLOAT",
      "DATE",
      "DECIMAL(10,2)",
    ]);
    const tooLarge = await opened.append([{ b: 128n }]).catch((error: unknown) => error);
    expect(tooLarge).toMatchObject({ code: "VALUE_INVALID" });
    expect((await opened.snapshot()).version).toBe(1);
  });

  it("gives the columns that can be read, and refuses the others by name and type", async () => {
    const fields = [
      field("at", "timestamp"),
      field("raw", "binary"),
      field("l", { type: "array", elementType: "long", containsNull: true }),
    ];
    const opened = await openTable(await foreignTable({ fields }), { engine: engine() });
    const snapshot = await opened.snapshot();
    expect(snapshot.unreadable.map(({ name }) => name)).toEqual(["raw", "l"]);
    expect(Object.keys((await snapshot.read()).types)).toEqual(["at"]);
    await expect(snapshot.read({ columns: ["raw"] })).rejects.toMatchObject({
      code: "STORE_UNSUPPORTED",
      details: { column: "raw", type: "binary" },
    });
    await expect(opened.append([{ at: 1n }])).rejects.toMatchObject({ code: "STORE_UNSUPPORTED" });
  });

  it("takes its event time from a definition", async () => {
    const path = await foreignTable();
    const definition = table({
      name: "foreign",
      columns: { at: timestamp(), k: utf8() },
      keys: ["k"],
      eventTime: "at",
    });
    const opened = await openTable(path, { engine: engine(), definition });
    await opened.append([
      { at: 2n, k: "a" },
      { at: 1n, k: "b" },
    ]);
    const snapshot = await opened.snapshot();
    expect(rowsOf(await snapshot.read({ order: "time", range: { start: 0n } })).map(({ at }) => at)).toEqual([
      1n,
      2n,
    ]);
    const without = await (await openTable(path, { engine: engine() })).snapshot();
    expect(without.definition).toBeNull();
    await expect(without.read({ order: "time" })).rejects.toMatchObject({ code: "SCHEMA_INVALID" });
    await expect(without.read({ range: { start: 0n } })).rejects.toMatchObject({ code: "SCHEMA_INVALID" });
    await expect(opened.compact()).rejects.toMatchObject({ code: "STORE_UNSUPPORTED" });
  });
});
