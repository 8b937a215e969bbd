import type { Html } from "./html.ts";
import { bandLegend, levelsOf } from "./interval-bands.ts";
import { swatch } from "./legend.ts";
import type { ForecastPoint } from "./rows.ts";

/** The marks of a forecast chart and what they mean. */
export function forecastLegend(points: readonly ForecastPoint[]): (readonly [Html, string])[] {
  return [
    [swatch("var(--forecast)", "line"), "forecast"],
    ...bandLegend(levelsOf(points)),
    [swatch("var(--text)", "line"), "outcome"],
  ];
}
