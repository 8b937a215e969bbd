import type { Html } from "./html.ts";
import { swatch } from "./legend.ts";
import type { Plot } from "./plot.ts";

/** A point of a forecast with its intervals, by ascending level. */
export interface BandPoint {
  readonly intervals: readonly { readonly level: number; readonly lower: number; readonly upper: number }[];
}

/** The levels of the intervals of some points, percent, ascending. */
export function levelsOf(points: readonly BandPoint[]): readonly number[] {
  return points[0]?.intervals.map(({ level }) => level) ?? [];
}

/**
 * The bands of all levels, the widest first, so that narrower ones lie upon it.
 * @param channels - Where the points are, and what tells lines apart.
 */
export function intervalBands<Point extends BandPoint>(
  plot: Plot,
  points: readonly Point[],
  channels: { readonly x: string | ((point: Point) => Date | number); readonly z?: string },
) {
  const levels = levelsOf(points);
  return levels
    .map((_, i) => levels.length - 1 - i)
    .map((i) =>
      plot.areaY(points as Point[], {
        ...channels,
        y1: (point: Point) => point.intervals[i]?.lower,
        y2: (point: Point) => point.intervals[i]?.upper,
        fill: "var(--forecast)",
        fillOpacity: i === 0 && levels.length > 1 ? 0.28 : 0.16,
      }),
    );
}

/** The legend's entries of the bands. */
export function bandLegend(levels: readonly number[]): readonly (readonly [Html, string])[] {
  return levels.map((level, i) => {
    const share = i === 0 && levels.length > 1 ? 40 : 16;
    return [
      swatch(`color-mix(in srgb, var(--forecast) ${share}%, transparent)`, "band"),
      `${level} % interval`,
    ];
  });
}
