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

/** A frequency for tables without times, by the length of the season; for others one that neither a day nor a week is a whole number of: no calendar, and no other season. */
const bySeason: Readonly<Record<number, string>> = {
  1: "1w",
  2: "6mo",
  4: "3mo",
  7: "1d",
  12: "1mo",
  24: "1h",
  48: "30m",
  52: "1w",
  96: "15m",
  168: "1h",
  288: "5m",
  365: "1d",
};

/** A table that the bench cannot take. */
export class TableError extends Error {}

/**
 * Reads `unique_id, step | ds, y, split (train | test)` from Parquet or CSV. Rows of a series follow each other in the order of their times; whole numbers in `ds` are steps.
 * @throws TableError
 */
export async function readTable(file: string, season: number): Promise<BenchTable> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const source = `'${file.replaceAll("'", "''")}'`;
  const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`).catch((cause) => {
    throw new TableError(`${file} cannot be read as Parquet or CSV.`, { cause });
  });
  const types = new Map(described.getRows().map(([name, type]) => [String(name), String(type)]));
  const place = types.has("ds") ? "ds" : "step";
  for (const needed of ["unique_id", "y", "split", place])
    if (!types.has(needed))
      throw new TableError(
        `${file} has no column ${needed === "step" ? "step or ds" : needed}; it has ${[...types.keys()].join(", ")}.`,
      );
  const others = await connection.runAndReadAll(
    `SELECT DISTINCT split FROM ${source} WHERE split IS NULL OR split NOT IN ('train', 'test')`,
  );
  if (others.currentRowCount > 0)
    throw new TableError(
      `The column split of ${file} is train or test in each row; it has ${others
        .getRows()
        .map(([value]) => value ?? "none")
        .join(", ")} too.`,
    );
  const isTimed = place === "ds" && !(types.get(place) as string).includes("INT");
  const order = isTimed ? "epoch_us(ds::TIMESTAMP)" : place;
  const reader = await connection.runAndReadAll(
    `SELECT unique_id::VARCHAR AS id, split = 'test' AS is_test, (${order})::BIGINT AS place, y::DOUBLE AS y
     FROM ${source} ORDER BY id, place`,
  );
  const [ids, isTest, at, y] = reader.getColumns() as [string[], boolean[], bigint[], (number | null)[]];
  const series: BenchSeries[] = [];
  const starts: bigint[] = [];
  const steps = new Map<bigint, number>();
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
      steps.set(step, (steps.get(step) ?? 0) + 1);
    }
    from = to;
  }
  const [usual] = [...steps].sort(([, a], [, b]) => b - a)[0] ?? [];
  const frequency = usual === undefined ? (bySeason[season] ?? "11h") : frequencyOf(usual);
  return { series, frequency, starts: BigInt64Array.from(starts) };
}

/** At most `count` of the series, evenly spread: first, then at every so many. As `sample` in peer.py. */
export function sampleOf<T>(series: readonly T[], count: number): readonly T[] {
  const taken = Math.min(count, series.length);
  return Array.from({ length: taken }, (_, i) => series[Math.floor((i * series.length) / taken)] as T);
}

/** Calendar steps wherever it can be one: the seasons of a week, a day and so many minutes are not the same. */
function frequencyOf(micros: bigint): string {
  const minutes = micros / 60_000_000n;
  const days = Number(minutes / 1440n);
  if (days >= 365) return "1y";
  if (days >= 181) return "6mo";
  if (days >= 90) return "3mo";
  if (days >= 28) return "1mo";
  if (micros % 60_000_000n !== 0n) return `${micros / 1_000_000n}s`;
  if (minutes % 10_080n === 0n) return `${minutes / 10_080n}w`;
  return minutes % 1440n === 0n ? `${minutes / 1440n}d` : `${minutes}m`;
}
