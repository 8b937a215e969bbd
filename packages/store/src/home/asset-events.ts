import { type Announcement, type AssetEvent, type AssetEventsQuery, checkOptions } from "@tsops/core";
import { conditions } from "./conditions.ts";
import type { SqliteDatabase } from "./sqlite.ts";

/** Events of assets in `tsops.db`. The instant is the key: a greater one is a later event. */
export function assetEvents(sql: SqliteDatabase) {
  return {
    /** Call it within a write transaction. */
    add({ asset, extra }: Announcement, at: bigint, source: AssetEvent["source"]): AssetEvent {
      const last = sql.prepare("SELECT max(at) AS at FROM asset_event").get<{ at: bigint | null }>()?.at;
      const later = last === null || last === undefined || at > last ? at : last + 1n;
      sql
        .prepare(
          `INSERT INTO asset_event (at, asset, extra, pipeline, partition, interval_start, interval_end, step)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run([
          later,
          asset,
          JSON.stringify(extra),
          source?.pipeline ?? null,
          source?.partition ?? null,
          source?.start ?? null,
          source?.end ?? null,
          source?.step ?? null,
        ]);
      return { asset, extra, at: later, source };
    },
    find(query: AssetEventsQuery): readonly AssetEvent[] {
      checkOptions("VALUE_INVALID", "ledger.events()", query, {
        assets: true,
        after: true,
        to: true,
        signal: true,
      });
      const { text, values } = conditions([
        ["asset IN (SELECT value FROM json_each(?))", JSON.stringify(query.assets)],
        ["at > ?", query.after],
        ["at <= ?", query.to],
      ]);
      return sql
        .prepare(`SELECT * FROM asset_event WHERE ${text} ORDER BY at`)
        .all<EventRow>(values)
        .map(readEvent);
    },
  };
}

interface EventRow {
  readonly at: bigint;
  readonly asset: string;
  readonly extra: string;
  readonly pipeline: string | null;
  readonly partition: string;
  readonly interval_start: bigint;
  readonly interval_end: bigint;
  readonly step: string;
}

function readEvent(row: EventRow): AssetEvent {
  const { at, asset, pipeline, partition, interval_start: start, interval_end: end, step } = row;
  const source = pipeline === null ? null : { pipeline, partition, start, end, step };
  return { asset, extra: JSON.parse(row.extra), at, source };
}
