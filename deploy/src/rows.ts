import {
  type Columns,
  type ColumnTypes,
  columnsFromRows,
  type Forecast,
  float64,
  formatInstant,
  type InputRowOf,
  type Table,
  TsopsError,
  utf8,
} from "@tsops/core";

/** A row as JSON has it. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** Rows of the table. 64-bit integers may be texts, since JSON's numbers end at 2^53. */
export function tableRows(table: Table, rows: readonly JsonRow[]): Columns {
  return readRows(table.columns, rows);
}

/** Values known for the future: keys and time are typed as in the table, other columns by what they hold. */
export function futureRows(table: Table, rows: readonly JsonRow[]): Columns {
  const types: Record<string, ColumnTypes[string]> = {};
  for (const [name, value] of Object.entries(rows[0] ?? {})) {
    const known = table.columns[name];
    types[name] = known ?? (typeof value === "string" ? utf8() : float64());
  }
  return readRows(types, rows);
}

/** The keys of series as the model has them. */
export function seriesKeys(
  table: Table,
  keys: readonly JsonRow[],
): Readonly<Record<string, string | bigint | boolean>>[] {
  return keys.map((key) =>
    Object.fromEntries(
      Object.entries(key).map(([name, value]) => [
        name,
        table.columns[name]?.kind === "int64" ? integerOf(name, value) : (value as string | boolean),
      ]),
    ),
  );
}

/** A forecast, a row a step; instants as ISO 8601 text, quantiles by probability. */
export function forecastRows(forecast: Forecast): JsonRow[] {
  const instant = (micros: bigint | undefined) => formatInstant(micros as bigint);
  return Array.from({ length: forecast.length }, (_, row) => ({
    key: Object.fromEntries(
      Object.entries(forecast.series[forecast.seriesIndex[row] as number] ?? {}).map(([name, value]) => [
        name,
        typeof value === "bigint" ? String(value) : value,
      ]),
    ),
    time: instant(forecast.time[row]),
    cutoff: instant(forecast.cutoff[row]),
    step: forecast.step[row],
    mean: forecast.mean[row],
    quantiles: Object.fromEntries(
      forecast.quantiles.map(({ probability, values }) => [probability, values[row]]),
    ),
  }));
}

function readRows(types: ColumnTypes, rows: readonly JsonRow[]): Columns {
  const integers = Object.keys(types).filter((name) => types[name]?.kind === "int64");
  const read = rows.map((row) => ({
    ...row,
    ...Object.fromEntries(
      integers.flatMap((name) => (row[name] == null ? [] : [[name, integerOf(name, row[name])]])),
    ),
  }));
  return columnsFromRows(types, read as InputRowOf<ColumnTypes>[]);
}

function integerOf(name: string, value: unknown): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) return BigInt(value);
  throw new TsopsError("VALUE_INVALID", `${name} must be an integer, beyond 2^53 as a text.`, {
    details: { column: name },
  });
}
