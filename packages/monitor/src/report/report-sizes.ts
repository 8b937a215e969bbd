import type { DecisionTableSize } from "./decision-table.ts";
import type { DrillDownSize } from "./drift-columns.ts";

/** How much of each part a page shows. */
export interface ReportSize {
  readonly drift: DrillDownSize;
  /** Series whose forecast can be chosen. */
  readonly series: number;
  /** Series with a small chart. */
  readonly keys: number;
  readonly decisions: DecisionTableSize;
  /** What a reader should know of it; begins with a blank. */
  readonly note: string;
}

const thinned = " Some parts are thinned to stay below 1 MB; each says what it leaves out.";

/** From the whole page to the least: the first that fits is taken. */
export const reportSizes: readonly ReportSize[] = [
  {
    series: 10,
    drift: { columns: 40, windows: 60 },
    keys: 60,
    decisions: { rows: 300, evidence: 150_000 },
    note: "",
  },
  {
    series: 4,
    drift: { columns: 40, windows: 60 },
    keys: 60,
    decisions: { rows: 300, evidence: 150_000 },
    note: "",
  },
  {
    series: 4,
    drift: { columns: 24, windows: 40 },
    keys: 30,
    decisions: { rows: 150, evidence: 60_000 },
    note: thinned,
  },
  {
    series: 1,
    drift: { columns: 10, windows: 30 },
    keys: 12,
    decisions: { rows: 60, evidence: 0 },
    note: thinned,
  },
];
