import { knownLengths, rowCounts } from "../../forecast/check.ts";
import type { Panel } from "../../forecast/panel/panel.ts";
import { selectRows } from "../../forecast/panel/panel-slices.ts";

/** A panel up to the last known target of each series: files often have the rows that are to be forecast, with nothing in the target's column. */
export interface KnownPart {
  readonly panel: Panel;
  /** Rows that were left out at the ends of series, and the number of those series. */
  readonly rows: number;
  readonly series: number;
}

/** Leaves the rows after each series' last known target out; a series without any keeps its own. */
export function withoutUnknownEnd(panel: Panel): KnownPart {
  const all = rowCounts(panel);
  const kept = knownLengths(panel).map((known, s) => (known === 0 ? (all[s] as number) : known));
  const unknown = all.map((count, s) => count - (kept[s] as number));
  const rows = unknown.reduce((sum, count) => sum + count, 0);
  if (rows === 0) return { panel, rows: 0, series: 0 };
  return {
    panel: selectRows(panel, (s) => [0, kept[s] as number]),
    rows,
    series: unknown.filter((count) => count > 0).length,
  };
}
