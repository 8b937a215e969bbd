import type { Html } from "./html.ts";
import { swatch } from "./legend.ts";
import type { ForecastPoint } from "./rows.ts";

/** The marks of a forecast chart and what they mean. */
export function forecastLegend(points: readonly ForecastPoint[]): (readonly [Html, string])[] {
  const levels = points[0]?.intervals.map(({ level }) => level) ?? [];
  const shade = (i: number) =>
    `color-mix(in srgb, var(--forecast) ${i === 0 && levels.length > 1 ? 40 : 16}%, transparent)`;
  return [
    [swatch("var(--forecast)", "line"), "forecast"],
    ...levels.map((level, i) => [swatch(shade(i), "band"), `${level} % interval`] as const),
    [swatch("var(--text)", "line"), "outcome"],
  ];
}
