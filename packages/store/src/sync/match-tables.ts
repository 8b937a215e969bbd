import { assertSchema, type ColumnTypes, type Table, TsopsError } from "@tsops/core";
import type { Snapshot } from "../delta/snapshot.ts";

/** How a source's rows become a table's. */
export interface MatchedTables {
  readonly eventTime: string;
  /** The source's keys: rows of one entity and instant come one behind the other. */
  readonly keys: readonly string[];
  /** Columns that come from the source, with the table's types, in its order. */
  readonly types: ColumnTypes;
  /** A column that says when a row became known, which the source cannot tell; null when there is none such. */
  readonly stamped: string | null;
}

/**
 * Compares a source's definition with the table that takes its rows.
 * @throws TsopsError SCHEMA_MISMATCH naming the columns, SCHEMA_INVALID for a table without a definition
 */
export function matchTables(source: Table, snapshot: Snapshot): MatchedTables {
  const { definition } = snapshot;
  if (definition === null)
    throw new TsopsError("SCHEMA_INVALID", "The table does not say which column is its event time.", {
      hint: "Open it with a definition: openTable(directory, { definition }).",
    });
  const { availableAt } = definition;
  const stamped =
    availableAt !== undefined && !Object.hasOwn(source.columns, availableAt) ? availableAt : null;
  const types = Object.fromEntries(
    Object.entries(snapshot.types).filter(([name]) => name !== stamped),
  ) as ColumnTypes;
  const subject = `The columns of the source, for table "${definition.name}",`;
  assertSchema(types, source.columns, subject);
  const parts: string[] = [];
  const differs = (role: string, wanted: string | undefined, found: string | undefined): void => {
    if (wanted !== found) parts.push(`${role} is ${found ?? "none"}, not ${wanted ?? "none"}`);
  };
  differs("eventTime", definition.eventTime, source.eventTime);
  differs("keys", listOf(definition.keys), listOf(source.keys));
  if (availableAt !== undefined && source.availableAt !== undefined)
    differs("availableAt", availableAt, source.availableAt);
  if (parts.length > 0)
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `The source does not fit table "${definition.name}": ${parts.join("; ")}.`,
      {
        hint: "Declare the source as the table is.",
        details: { differences: parts },
      },
    );
  return { eventTime: source.eventTime, keys: source.keys, types, stamped };
}

/** The order of keys does not matter here. */
function listOf(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : [...names].sort().join(", ");
}
