import { createRandom, type Random, type Seed } from "../../random.ts";
import type { ResolvedGbdtOptions } from "./options.ts";

/** What one tree is fitted on. */
export interface Draw {
  /** Rows to fit on, ascending. */
  readonly rows: Uint32Array;
  /** The other active rows, ascending. */
  readonly rest: Uint32Array;
  readonly columns: Int32Array;
}

/** Decides what each tree sees. */
export interface Sampler {
  readonly samplesRows: boolean;
  /** Whether another tree may see something else. */
  readonly isRandom: boolean;
  draw(): Draw;
}

/** Draws rows and columns per tree, without replacement, in ascending order. */
export function createSampler(
  active: Uint32Array,
  columnCount: number,
  options: ResolvedGbdtOptions,
): Sampler {
  const rowCount = Math.max(1, Math.round(active.length * options.rowFraction));
  const usedCount = Math.max(Math.min(1, columnCount), Math.round(columnCount * options.columnFraction));
  const samplesRows = rowCount < active.length;
  const all = Uint32Array.from({ length: columnCount }, (_, column) => column);
  const rowRandom = createRandom(options.seed).fork("rows");
  const columnRandom = createRandom(options.seed).fork("columns");
  return {
    samplesRows,
    isRandom: samplesRows || usedCount < columnCount,
    draw(): Draw {
      const [rows, rest] = samplesRows ? choose(active, rowCount, rowRandom) : [active, new Uint32Array(0)];
      const [columns] = usedCount < columnCount ? choose(all, usedCount, columnRandom) : [all];
      return { rows, rest, columns: Int32Array.from(columns) };
    },
  };
}

/**
 * Rows that numeric columns are cut into bins by: all of them, or 200,000 that the seed decides (LightGBM takes as many). Drawn, not every n-th, which would follow a season
 * of the rows.
 */
export function binSample(active: Uint32Array, seed: Seed): Uint32Array {
  if (active.length <= mostSampled) return active;
  return choose(active, mostSampled, createRandom(seed).fork("bins"))[0];
}

const mostSampled = 200_000;

/** Selection sampling (Knuth, TAOCP 2, 3.4.2, algorithm S): every subset of the size is equally likely. */
function choose(from: Uint32Array, count: number, random: Random): [Uint32Array, Uint32Array] {
  const chosen = new Uint32Array(count);
  const rest = new Uint32Array(from.length - count);
  let taken = 0;
  for (let i = 0; i < from.length; i++) {
    if (random.uniform() * (from.length - i) < count - taken) chosen[taken++] = from[i] as number;
    else rest[i - taken] = from[i] as number;
  }
  return [chosen, rest];
}
