import type { SqlValue } from "./sqlite.ts";

/** The conditions of a query that were asked for, joined by AND, and what is bound to them. */
export interface Conditions {
  /** `true` when there are none. */
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** @param asked - Each condition takes one `?`; those whose value is undefined are left out. */
export function conditions(asked: readonly (readonly [string, SqlValue | undefined])[]): Conditions {
  const kept = asked.filter((pair): pair is readonly [string, SqlValue] => pair[1] !== undefined);
  return {
    text: ["true", ...kept.map(([condition]) => condition)].join(" AND "),
    values: kept.map(([, value]) => value),
  };
}
