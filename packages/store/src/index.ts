// The public contract of @tsops/store: every name is listed, grouped by folder. Add yours to its group.

// home
export { type Home, type HomeOptions, openHome } from "./home/home.ts";

// arrow

// engine
export {
  type DuckEngine,
  type DuckSession,
  type EngineOptions,
  openEngine,
  type QueryOptions,
} from "./engine/engine.ts";
export { quoteInstant, quoteName, quotePath, quoteText } from "./engine/sql-text.ts";

// delta

// join
