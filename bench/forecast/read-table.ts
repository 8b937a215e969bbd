import { DuckDBInstance } from "@duckdb/node-api";

/** One series of a long table. */
export interface BenchSeries {
  readonly id: string;
  readonly train: Float64Array;
  /** What is to be forecast: the outcomes of the steps after `train`. */
  readonly test: Float64Array;
}

/** A long table, as series. */
export interface BenchTable {
  readonly series: readonly BenchSeries[];
  /** As a frequency of tsops: of the times, or a guess by the season where the table only counts steps. */
  readonly frequency: string;
  /** Instant of the first row of each series, microseconds UTC; 0 where the table only counts steps. */
  readonly starts: BigInt64Array;
}

/** A frequency for tables without times, by the length of the season. */
const bySeason: Readonly<Record<number, string>> = {
  1: "1w",
  4: "3mo",
  7: "1d",
  12: "1mo",
  24: "1h",
  52: "1w",
};

/** Reads `unique_id, step | ds, y, split (train | test)` from Parquet or CSV. */
export async function readTable(file: string, season: number): Promise<BenchTable> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const source = `'${file.replaceAll("'", "''")}'`;
  const columns = (await connection.runAndReadAll(`SELECT * FROM ${source} LIMIT 0`)).columnNames();
  const isTimed = columns.includes("ds");
  for (const needed of ["unique_id", "y", "split", ...(isTimed ? [] : ["step"])])
    if (!columns.includes(needed))
      throw new Error(`${file} has no column ${needed}; it has ${columns.join(", ")}.`);
  const order = isTimed ? "epoch_us(ds::TIMESTAMP)" : "step";
  const reader = await connection.runAndReadAll(
    `SELECT unique_id::VARCHAR AS id, split = 'test' AS is_test, (${order})::BIGINT AS place, y::DOUBLE AS y
     FROM ${source} ORDER BY id, place`,
  );
  const [ids, isTest, at, y] = reader.getColumns() as [string[], boolean[], bigint[], (number | null)[]];
  const series: BenchSeries[] = [];
  const starts: bigint[] = [];
  let smallest = 0n;
  for (let from = 0; from < ids.length; ) {
    let to = from;
    while (to < ids.length && ids[to] === ids[from]) to++;
    const rows = Array.from({ length: to - from }, (_, i) => from + i);
    const values = (which: boolean) =>
      Float64Array.from(
        rows.filter((row) => isTest[row] === which),
        (row) => y[row] ?? Number.NaN,
      );
    series.push({ id: ids[from] as string, train: values(false), test: values(true) });
    starts.push(isTimed ? (at[from] as bigint) : 0n);
    for (let row = from + 1; isTimed && row < to; row++) {
      const step = (at[row] as bigint) - (at[row - 1] as bigint);
      if (smallest === 0n || step < smallest) smallest = step;
    }
    from = to;
  }
  const frequency = isTimed ? frequencyOf(smallest) : (bySeason[season] ?? "1h");
  return { series, frequency, starts: BigInt64Array.from(starts) };
}

function frequencyOf(micros: bigint): string {
  const days = Number(micros / 86_400_000_000n);
  if (days >= 365) return "1y";
  if (days >= 90) return "3mo";
  if (days >= 28) return "1mo";
  return micros % 60_000_000n === 0n ? `${micros / 60_000_000n}m` : `${micros / 1_000_000n}s`;
}
