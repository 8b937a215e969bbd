import { type Column, type Columns, isValid, type PredictionRecord, shown, TsopsError } from "@tsops/core";

/** A value that stands beside a predicted row: text, number, flag, microseconds UTC of a time, or missing. */
export type CarriedValue = string | number | boolean | bigint | null;

/** Collects carried columns row by row, in the order of the joined rows. */
export interface CarriedReader {
  readonly columns: Readonly<Record<string, readonly CarriedValue[]>>;
  /** @param outcome - Row of the outcomes, or -1. */
  read(record: PredictionRecord, step: number, outcome: number): void;
}

/**
 * Reads named columns from the outcomes, and where those have none, from the features that were served.
 * @throws TsopsError COLUMN_NOT_FOUND when neither has a column of that name
 */
export function carriedReader(
  names: readonly string[],
  outcomes: Columns,
  records: readonly PredictionRecord[],
): CarriedReader {
  const columns: Record<string, CarriedValue[]> = {};
  const sources = names.map((name) => {
    const column = Object.hasOwn(outcomes.data, name) ? outcomes.data[name] : undefined;
    const isServed = records.some(({ features }) => Object.hasOwn(features, name));
    if (column === undefined && !isServed && records.length > 0) throw notFound(name, outcomes, records);
    columns[name] = [];
    return { name, column };
  });
  return {
    columns,
    read(record, step, outcome) {
      for (const { name, column } of sources) {
        const known = column === undefined || outcome < 0 ? null : valueAt(column, outcome);
        columns[name]?.push(known ?? record.features[name]?.[step] ?? null);
      }
    },
  };
}

function valueAt(column: Column, row: number): CarriedValue {
  if (!isValid(column.valid, row)) return null;
  if (column.kind === "utf8") return column.dictionary[column.codes[row] as number] ?? null;
  return column.kind === "bool" ? column.values[row] === 1 : (column.values[row] as number | bigint);
}

function notFound(name: unknown, outcomes: Columns, records: readonly PredictionRecord[]): TsopsError {
  const served = new Set(records.flatMap(({ features }) => Object.keys(features)));
  return new TsopsError(
    "COLUMN_NOT_FOUND",
    `${shown(name)} is to be carried, but neither the outcomes nor the served features have it.`,
    {
      hint: `The outcomes have ${Object.keys(outcomes.types).join(", ")}; served were ${[...served].join(", ") || "no features"}.`,
      details: { column: name },
    },
  );
}
