import {
  type Clock,
  type Columns,
  durationMicros,
  type OnlineStore,
  seriesKeyText,
  type Table,
  type TimestampColumn,
  TsopsError,
  takeColumns,
  throwIfAborted,
} from "@tsops/core";
import type { Deployment } from "@tsops/serve";
import { type DeltaTable, type DuckEngine, sync } from "@tsops/store";
import type { PostgresSource } from "@tsops/store/postgres";
import { keysOf, latestOf, newestTime, newRows } from "./history.ts";

/** A table of the home whose new rows are followed. */
export interface FedTable {
  readonly definition: Table;
  readonly table: DeltaTable;
  /** The database's table of the same name, from which it is brought up to date; null when others write to the home. */
  readonly source: PostgresSource | null;
}

/** What new rows are given to. */
export interface FeedParts {
  readonly tables: readonly FedTable[];
  readonly targetTable: string;
  readonly online: Pick<OnlineStore, "observe" | "viewTables"> | null;
  readonly engine: DuckEngine;
  readonly clock: Clock;
  /** How much later than the newest row one may arrive. */
  readonly lateness: string;
  /** How far behind a table's newest row the features read. */
  readonly lookBack: string;
  /** Told of rows that were passed on, and of what went wrong: the next round tries again what can be tried again. */
  onRows(table: string, rows: number): void;
  onError(table: string, error: unknown): void;
}

/** Brings new rows from the database into the home, and from there to features and models. */
export class Feed {
  readonly #parts: FeedParts;
  /** By table: the version whose rows have been passed on, and the newest event time of these. */
  readonly #seen = new Map<string, { readonly version: number; readonly newest: bigint | null }>();
  /** Whose models take rows of the target's table, and by series the latest event time that they have; null before it is there. */
  #served: { readonly deployment: Pick<Deployment, "observe">; readonly fed: Map<string, bigint> } | null =
    null;
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /** The first round, before there is a deployment: home and features come up to date. Rejects when that fails. */
  async begin(signal: AbortSignal): Promise<void> {
    for (const table of this.#parts.tables) await this.#bring(table, signal);
  }

  /**
   * From now on models take rows, too.
   * @param fed - By series, the latest event time that they have.
   */
  serve(deployment: Pick<Deployment, "observe">, fed: ReadonlyMap<string, bigint>): void {
    this.#served = { deployment, fed: new Map(fed) };
  }

  /** One round, after those under way. What goes wrong with a table is told, and does not keep the others waiting. */
  round(signal: AbortSignal): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      for (const fed of this.#parts.tables) {
        if (signal.aborted) return;
        await this.#bring(fed, signal).catch((error: unknown) => {
          if (!signal.aborted) this.#parts.onError(fed.definition.name, error);
        });
      }
    });
    return this.#turn;
  }

  /** Rounds until the signal. */
  async run(every: string, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.round(signal);
      await clock.sleepUntil(clock.now() + durationMicros(every), signal).catch(() => {});
    }
  }

  async #bring({ definition, table, source }: FedTable, signal: AbortSignal): Promise<void> {
    const { lateness, clock, engine, online, targetTable } = this.#parts;
    const { name } = definition;
    if (source !== null) await sync(source, table, { lateness, clock, engine, signal });
    const snapshot = await table.snapshot();
    const before = this.#seen.get(name);
    if (before !== undefined && snapshot.version <= before.version) return;
    // What lies further back no view reads and no model takes.
    const newest = before === undefined ? await newestTime(snapshot, definition, signal) : before.newest;
    const start = newest === null ? firstInstant : newest - this.#lookBackMicros;
    const rows = await newRows(snapshot, before?.version ?? -1, start, signal);
    if (rows.length > 0) {
      // After a failure they are brought again: the store takes no row twice.
      if (online !== null && Object.values(online.viewTables).includes(name))
        await online.observe(name, rows, { signal });
      if (name === targetTable) await this.#absorb(definition, rows, signal);
    }
    this.#seen.set(name, {
      version: snapshot.version,
      newest: maximum([newest, ...lastTimes(rows, definition).values()]),
    });
    this.#parts.onRows(name, rows.length);
  }

  get #lookBackMicros(): bigint {
    const [lateness, lookBack] = [this.#parts.lateness, this.#parts.lookBack].map(durationMicros);
    return (lateness as bigint) > (lookBack as bigint) ? (lateness as bigint) : (lookBack as bigint);
  }

  /**
   * Gives the models the rows that are later than what they have. A late or corrected row reaches the next version by its training;
   * the one that serves cannot take back what it has absorbed.
   */
  async #absorb(definition: Table, rows: Columns, signal: AbortSignal): Promise<void> {
    if (this.#served === null) return;
    const { fed } = this.#served;
    const keys = keysOf(rows, definition).map(seriesKeyText);
    const times = (rows.data[definition.eventTime] as TimestampColumn).values;
    const now = this.#parts.clock.now();
    const later = Int32Array.from(
      [...keys.keys()].filter((row) => {
        const time = times[row] as bigint;
        return time <= now && time > (fed.get(keys[row] as string) ?? time - 1n);
      }),
    );
    if (later.length === 0) return;
    const wanted = latestOf(takeColumns(rows, later), definition);
    try {
      await this.#observe(definition, wanted, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      // One series that the model refuses does not hold up the others.
      for (const one of bySeries(wanted, definition))
        await this.#observe(definition, one, signal).catch((refusal: unknown) => {
          if (!isRefusal(refusal)) throw refusal;
          this.#parts.onError(definition.name, refusal);
        });
    }
  }

  async #observe(definition: Table, rows: Columns, signal: AbortSignal): Promise<void> {
    throwIfAborted(signal);
    await this.#served?.deployment.observe(definition.name, rows, { signal });
    for (const [key, time] of lastTimes(rows, definition)) this.#served?.fed.set(key, time);
  }
}

/** By series, the latest event time. */
export function lastTimes(rows: Columns, definition: Table): Map<string, bigint> {
  const last = new Map<string, bigint>();
  const times = (rows.data[definition.eventTime] as TimestampColumn).values;
  keysOf(rows, definition).forEach((key, row) => {
    const text = seriesKeyText(key);
    const time = times[row] as bigint;
    if (time > (last.get(text) ?? time - 1n)) last.set(text, time);
  });
  return last;
}

function bySeries(rows: Columns, definition: Table): Columns[] {
  const groups = new Map<string, number[]>();
  keysOf(rows, definition).forEach((key, row) => {
    const text = seriesKeyText(key);
    groups.set(text, [...(groups.get(text) ?? []), row]);
  });
  return [...groups.values()].map((group) => takeColumns(rows, Int32Array.from(group)));
}

const firstInstant = -8_640_000_000_000_000_000n;

function maximum(times: readonly (bigint | null)[]): bigint | null {
  return times.reduce((most, time) => (time !== null && (most === null || time > most) ? time : most), null);
}

function isRefusal(error: unknown): boolean {
  return TsopsError.is(error, "KEY_UNKNOWN") || TsopsError.is(error, "PANEL_INVALID");
}
