// How fast columns go into DuckDB and come out, beside row objects through DuckDB's own API.
// Run: npm run bench -- arrow-bridge
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { DuckDBInstance, DuckDBTimestampTZValue, version } from "@duckdb/node-api";
import {
  bool,
  type Columns,
  type ColumnTypes,
  columnsFromArrays,
  float64,
  int64,
  nullable,
  timestamp,
  utf8,
} from "@tsops/core";
import { openEngine } from "@tsops/store";

const repeats = 7;
const rows = 2_000_000;
const peerRows = 200_000;
interface Result {
  readonly unit: string;
  readonly minimum: number;
  readonly median: number;
  readonly maximum: number;
  /** Rows per second of processor time, all threads together: what remains comparable on a busy machine. */
  readonly medianPerCpuSecond: number;
}
const results: Record<string, Result> = {};

async function measure(
  name: string,
  count: number,
  work: (repeat: number) => Promise<unknown>,
): Promise<void> {
  const [rates, cpuRates]: [number[], number[]] = [[], []];
  await work(-1);
  for (let repeat = 0; repeat < repeats; repeat++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    await work(repeat);
    rates.push(count / (performance.now() - started) / 1000);
    const { user, system } = process.cpuUsage(before);
    cpuRates.push(count / (user + system));
  }
  rates.sort((a, b) => a - b);
  cpuRates.sort((a, b) => a - b);
  const round = (value: number | undefined): number => Number((value ?? 0).toPrecision(3));
  const median = round(rates[Math.floor(repeats / 2)]);
  const medianPerCpuSecond = round(cpuRates[Math.floor(repeats / 2)]);
  results[name] = {
    unit: "M rows/s",
    minimum: round(rates[0]),
    median,
    maximum: round(rates.at(-1)),
    medianPerCpuSecond,
  };
  process.stdout.write(`${name}: ${median} M rows/s, ${medianPerCpuSecond} M rows per CPU second\n`);
}

const numbers = (length: number) => Float64Array.from({ length }, (_, i) => i / 7);
const integers = (length: number) => BigInt64Array.from({ length }, (_, i) => BigInt(i) * 1_000_003n);
const gappy = (length: number) => Array.from({ length }, (_, i) => (i % 10 === 0 ? null : i / 7));
const names = (length: number, prefix: string) =>
  Array.from({ length }, (_, i) => `${prefix}${(i * 7919) % 1000}`);

const cases: Record<string, (length: number) => Columns> = {
  "1 float64 column": (n) => columnsFromArrays({ a: float64() }, { a: numbers(n) }),
  "3 float64 columns": (n) =>
    columnsFromArrays(
      { a: float64(), b: float64(), c: float64() },
      { a: numbers(n), b: numbers(n), c: numbers(n) },
    ),
  "1 float64 column, a tenth null": (n) => columnsFromArrays({ a: nullable(float64()) }, { a: gappy(n) }),
  "1 int64 column": (n) => columnsFromArrays({ a: int64() }, { a: integers(n) }),
  "1 timestamp column": (n) => columnsFromArrays({ a: timestamp() }, { a: integers(n) }),
  "1 bool column": (n) =>
    columnsFromArrays({ a: bool() }, { a: Uint8Array.from({ length: n }, (_, i) => i & 1) }),
  "1 text column, 1000 short texts": (n) => columnsFromArrays({ a: utf8() }, { a: names(n, "k") }),
  "1 text column, 1000 texts of 26 letters": (n) =>
    columnsFromArrays({ a: utf8() }, { a: names(n, "a longer name of a meter ") }),
  "key, time and 3 numbers": (n) =>
    columnsFromArrays(
      { k: utf8(), at: timestamp(), a: float64(), b: nullable(float64()), c: int64() },
      { k: names(n, "k"), at: integers(n), a: numbers(n), b: gappy(n), c: integers(n) },
    ),
};

const engine = await openEngine({ threads: 2 });
const session = await engine.session();
const peer = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();
const sqlTypes = {
  float64: "DOUBLE",
  int64: "BIGINT",
  utf8: "VARCHAR",
  bool: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
};

for (const [name, make] of Object.entries(cases)) {
  const columns = make(rows);
  await measure(`write ${name}`, rows, async (repeat) => {
    await session.load(`t${repeat}`, columns);
    if (repeat > 0) await session.run(`DROP TABLE t${repeat}`);
  });
  await measure(`read ${name}`, rows, () => session.columns("FROM t0"));
  await session.run('DROP TABLE t0; DROP TABLE "t-1"');
}

const mixed = cases["key, time and 3 numbers"] as (length: number) => Columns;
const few = mixed(peerRows);
const objects = rowObjects(few);
const list = Object.entries(few.types as ColumnTypes).map(
  ([name, { kind }]) => `"${name}" ${sqlTypes[kind]}`,
);
await measure(
  "peer: write key, time and 3 numbers, row by row through DuckDB's appender",
  peerRows,
  async (repeat) => {
    await peer.run(`CREATE TABLE "p${repeat}" (${list.join(", ")})`);
    const appender = await peer.createAppender(`p${repeat}`);
    for (const row of objects) {
      appender.appendVarchar(row.k);
      appender.appendTimestampTZ(row.at);
      appender.appendDouble(row.a);
      if (row.b === null) appender.appendNull();
      else appender.appendDouble(row.b);
      appender.appendBigInt(row.c);
      appender.endRow();
    }
    appender.closeSync();
  },
);
await measure("peer: read key, time and 3 numbers as row objects", peerRows, async () =>
  (await peer.run("FROM p0")).getRowObjectsJS(),
);
await measure("peer: read 3 float64 columns as arrays of values", peerRows, async () =>
  (await peer.run("SELECT a, a AS b, a AS c FROM p0")).getColumnsJS(),
);

function rowObjects(columns: Columns) {
  const { k, at, a, b, c } = columns.data;
  if (
    k?.kind !== "utf8" ||
    at?.kind !== "timestamp" ||
    a?.kind !== "float64" ||
    b?.kind !== "float64" ||
    c?.kind !== "int64"
  )
    throw new TypeError("unexpected columns");
  return Array.from({ length: columns.length }, (_, i) => ({
    k: k.dictionary[k.codes[i] as number] as string,
    at: new DuckDBTimestampTZValue(at.values[i] as bigint),
    a: a.values[i] as number,
    b: i % 10 === 0 ? null : (b.values[i] as number),
    c: c.values[i] as bigint,
  }));
}

await engine.close();
const mixedName = "key, time and 3 numbers";
const rate = (name: string): number => (results[name] as Result).median;
const ratios = {
  [`write ${mixedName}`]:
    rate(`write ${mixedName}`) / rate(`peer: write ${mixedName}, row by row through DuckDB's appender`),
  [`read ${mixedName}`]: rate(`read ${mixedName}`) / rate(`peer: read ${mixedName} as row objects`),
  "read 3 float64 columns":
    rate("read 3 float64 columns") / rate("peer: read 3 float64 columns as arrays of values"),
};
for (const [name, ratio] of Object.entries(ratios))
  process.stdout.write(`${name}: ${ratio.toFixed(1)} x the rate of DuckDB's own API (medians)\n`);
process.stdout.write(`peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB\n`);
writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify(
    {
      machine: `${cpus()[0]?.model}, ${cpus().length} cores`,
      node: process.version,
      duckdb: version(),
      repeats,
      rows,
      peerRows,
      peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
      ratios,
      results,
    },
    null,
    2,
  )}\n`,
);
