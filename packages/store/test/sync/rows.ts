import { createRandom, float64, table, timestamp, utf8 } from "@tsops/core";
import type { SourceRow } from "@tsops/core/testing/source";

/** What the sync tests of killed processes read. */
export const load = table({
  name: "load",
  columns: { station: utf8(), at: timestamp(), mw: float64() },
  keys: ["station"],
  eventTime: "at",
});

/** Rows with copies: every tenth is there twice. */
export function loadRows(count: number): SourceRow[] {
  const random = createRandom("rows");
  const rows: SourceRow[] = [];
  while (rows.length < count) {
    const at = 1_700_000_000_000_000n + BigInt(rows.length) * 1_000_000n;
    const row = { station: `s${random.integer(4)}`, at, mw: random.uniform() };
    rows.push(row, ...(rows.length % 10 === 0 ? [row] : []));
  }
  return rows;
}
