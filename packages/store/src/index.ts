// The public contract of @tsops/store: every name is listed, grouped by folder. Add yours to its group.

// home
export { type Home, type HomeOptions, openHome } from "./home/home.ts";

// arrow

// engine

// delta

// join
