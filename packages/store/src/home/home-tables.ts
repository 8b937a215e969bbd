import { join } from "node:path";
import { type Clock, type ColumnTypes, type Table, TsopsError } from "@tsops/core";
import { checkTable, type DeltaTable, openOrCreateTable } from "../delta/table.ts";
import { type DuckEngine, type EngineOptions, openEngine } from "../engine/engine.ts";
import { closeAll } from "./close-all.ts";

/** The tables of a home, on one query engine that starts when it is first needed. */
export interface HomeTables {
  engine(): Promise<DuckEngine>;
  table<S extends ColumnTypes>(definition: Table<string, S>): Promise<DeltaTable<S>>;
  close(): Promise<void>;
}

/** Opens each table once, whoever asks for it. */
export function homeTables(directory: string, clock: Pick<Clock, "now">, options: EngineOptions): HomeTables {
  let engine: Promise<DuckEngine> | undefined;
  let isOpen = true;
  const tables = new Map<string, Promise<DeltaTable>>();
  const startEngine = async () => {
    if (!isOpen)
      throw new TsopsError("STORE_UNAVAILABLE", `${directory} was used after its home was closed.`, {
        hint: "Keep the home open for as long as its parts are in use.",
      });
    engine ??= openEngine(options);
    return engine;
  };
  return {
    engine: startEngine,
    async table<S extends ColumnTypes>(definition: Table<string, S>): Promise<DeltaTable<S>> {
      checkTable(definition as unknown as Table);
      const open = async () =>
        openOrCreateTable(join(directory, definition.name), definition as unknown as Table, {
          clock,
          engine: await startEngine(),
        });
      const known = tables.get(definition.name);
      // A second definition of the name is held against the stored one, which names the differences.
      const opened = known === undefined ? open() : known.then(open);
      tables.set(definition.name, opened);
      opened.catch(() => tables.delete(definition.name));
      return (await opened) as unknown as DeltaTable<S>;
    },
    async close() {
      isOpen = false;
      await closeAll([
        ...[...tables.values()].map((table) => async () => (await table.catch(() => null))?.close()),
        async () => (await engine?.catch(() => undefined))?.close(),
      ]);
    },
  };
}
