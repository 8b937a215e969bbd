import type { Instants } from "./instants.ts";
import type { OrderedRows } from "./ordered-rows.ts";

/** The feature rows of one key and, by spine row, the bounds of a window over them. */
export interface WindowRows {
  readonly rows: OrderedRows;
  readonly start: number;
  readonly end: number;
  readonly earliest: Instants;
  readonly latest: Instants;
  readonly known: Instants | null;
  /** Of rows with one event time, only the last known one counts: the others are what it corrects. */
  readonly onePerTime: boolean;
}
