import { type DuckEngine, type DuckSession, openEngine } from "../engine/engine.ts";

/** Lends sessions of an engine that is opened when it is first needed. */
export interface SessionSource {
  use<T>(work: (session: DuckSession) => Promise<T>): Promise<T>;
  /** A session that the caller closes. */
  session(): Promise<DuckSession>;
  /** Closes the engine if it was opened here. */
  close(): Promise<void>;
}

/** Sessions of the given engine, or of one opened on first use. */
export function sessionSource(engine: DuckEngine | undefined): SessionSource {
  let opening: Promise<DuckEngine> | undefined = engine === undefined ? undefined : Promise.resolve(engine);
  const get = () => {
    opening ??= openEngine();
    return opening;
  };
  return {
    use: async (work) => (await get()).use(work),
    session: async () => (await get()).session(),
    close: async () => {
      if (engine === undefined && opening !== undefined) await (await opening).close();
    },
  };
}
