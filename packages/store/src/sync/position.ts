import type { PositionMove } from "../delta/append.ts";
import type { DeltaTable } from "../delta/table.ts";

/** Where the syncs into a table stand. */
export interface SyncPosition {
  /** Moves with every commit of any sync into the table: whoever compared rows before it has to compare again. */
  readonly turn: number | null;
  /** Event time up to which a source's rows have been taken, microseconds UTC. */
  readonly watermark: bigint | null;
}

/** All syncs into a table take turns, whatever they read. */
const turnApp = "tsops.sync";

/** Reads the position of the sync of this name. */
export async function readPosition(table: DeltaTable, name: string): Promise<SyncPosition> {
  // The turn first: what is committed after it makes the append fail.
  const turn = await table.position(turnApp);
  const watermark = await table.position(watermarkApp(name));
  return { turn, watermark: watermark === null ? null : BigInt(watermark) };
}

/** The moves that take the turn and set the watermark, together with rows. */
export function movesTo(name: string, from: SyncPosition, watermark: bigint | null): PositionMove[] {
  const { turn } = from;
  const turnMove = { appId: turnApp, from: turn, to: (turn ?? 0) + 1 };
  if (watermark === null) return [turnMove];
  const before = from.watermark === null ? null : Number(from.watermark);
  return [turnMove, { appId: watermarkApp(name), from: before, to: Number(watermark) }];
}

/**
 * The watermark after rows up to `last`: it never goes back. Rows dated in the future do not count for `last` (null when there are no
 * others), so that they hide nothing that is still to come. A log keeps whole numbers up to 2^53: instants before 1684 are no position, the next sync reads all.
 */
export function watermarkAfter(before: bigint | null, last: bigint | null): bigint | null {
  if (last === null) return before;
  const kept = last < -largest ? null : last > largest ? largest : last;
  return before === null || (kept !== null && kept > before) ? kept : before;
}

const largest = BigInt(Number.MAX_SAFE_INTEGER);

function watermarkApp(name: string): string {
  return `${turnApp}/${name}`;
}
