import { studentTQuantile } from "../../stats/distributions.ts";
import type { Panel } from "../panel/panel.ts";

/** Blocks that a series is cut into, at most and at least, and rows of one. */
const blocks = { most: 8, least: 4, rows: 8 };
/** How far the logarithms of a series' levels are spread, at least, for it to tell: about as much as where it doubles. */
const leastSpread = 0.2;
/** The power of the level that changes grow with, at least, beyond doubt. */
const leastPower = 0.5;
const doubt = 0.02;

/**
 * Whether the changes of positive series grow in proportion to their level, beyond doubt: by a regression, over the blocks of each series, of the logarithm of the mean size of its seasonal differences about their own mean on that of its level. Where
 * not most of the series have grown or shrunk, they do not tell.
 */
export function growWithLevel(panel: Panel, seasonLength: number): boolean {
  let [cross, spread, squares, freedom, telling] = [0, 0, 0, -1, 0];
  panel.series.forEach((_, s) => {
    const points = blocksOf(panel.y.subarray(panel.offsets[s], panel.offsets[s + 1]), seasonLength);
    if (points.length < blocks.least) return;
    const level = meanOf(points.map((point) => point.level));
    const size = meanOf(points.map((point) => point.size));
    const own = points.map((point) => [point.level - level, point.size - size] as const);
    const ownSpread = own.reduce((sum, [x]) => sum + x * x, 0);
    if (Math.sqrt(ownSpread / own.length) < leastSpread) return;
    telling++;
    spread += ownSpread;
    freedom += own.length - 1;
    for (const [x, y] of own) {
      cross += x * y;
      squares += y * y;
    }
  });
  if (2 * telling <= panel.series.length || freedom < 2) return false;
  const power = cross / spread;
  const error = Math.sqrt(Math.max(0, squares - power * cross) / freedom / spread);
  return power - studentTQuantile(1 - doubt, freedom) * error > leastPower;
}

/** Logarithms of the level and of the size of changes, block by block; none where a value is not above 0. */
function blocksOf(
  y: Float64Array,
  lag: number,
): readonly { readonly level: number; readonly size: number }[] {
  if (y.some((value) => value <= 0)) return [];
  const count = Math.min(blocks.most, Math.floor((y.length - lag) / Math.max(blocks.rows, lag)));
  return Array.from({ length: Math.max(0, count) }, (_, b) => {
    const bound = (at: number) => lag + Math.round((at * (y.length - lag)) / count);
    const changes: number[] = [];
    const levels: number[] = [];
    for (let t = bound(b); t < bound(b + 1); t++) {
      const [value, before] = [y[t] as number, y[t - lag] as number];
      if (Number.isNaN(value - before)) continue;
      changes.push(value - before);
      levels.push((value + before) / 2);
    }
    // Without the largest change: one broken reading is no growth, and in the last row nothing else takes it out.
    const largest = changes.reduce(
      (most, one, i) => (Math.abs(one) > Math.abs(changes[most] as number) ? i : most),
      0,
    );
    changes.splice(largest, 1);
    levels.splice(largest, 1);
    const change = meanOf(changes);
    return {
      level: Math.log(meanOf(levels)),
      size: Math.log(meanOf(changes.map((one) => Math.abs(one - change)))),
    };
  }).filter(({ level, size }) => Number.isFinite(level) && Number.isFinite(size));
}

/** NaN of none. */
function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
