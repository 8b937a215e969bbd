import { TsopsError } from "../../errors.ts";
import type { Panel } from "./panel.ts";
import { seriesName } from "./rows.ts";

/** Rows that a series needs to tell how far apart they lie: of fewer, equal distances are chance. */
const fewestRows = 5;
/** Distances that share a divisor without being alike say something from so many on: of ten drawn at random all are even once in a thousand times. */
const fewestMultiples = 10;
/** How much longer the longest distance may be than the shortest to be the same: months have 28 to 31 days. */
const alike = 31 / 28;

interface Spacing {
  readonly series: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Refuses a frequency that is finer than the rows of most series: weeks read as days would be forecast as days. Series that are merely sparse have rows at
 * distances of all kinds, and some next to each other.
 * @throws TsopsError PANEL_INVALID
 */
export function refuseWideSpacing({ spec, series, offsets, gaps }: Panel): void {
  const distances = series.map((): number[] => []);
  for (const { series: s, steps } of gaps) distances[s]?.push(steps + 1);
  let judged = 0;
  const wide: Spacing[] = [];
  distances.forEach((found, s) => {
    const added = found.reduce((sum, distance) => sum + distance - 1, 0);
    const rows = (offsets[s + 1] as number) - (offsets[s] as number) - added;
    if (rows < fewestRows) return;
    judged++;
    if (found.length < rows - 1) return;
    const least = found.reduce((a, b) => Math.min(a, b));
    const most = found.reduce((a, b) => Math.max(a, b));
    const divisor = found.reduce(greatestCommonDivisor);
    if (most <= alike * least) wide.push({ series: s, least, most });
    else if (divisor > 1 && found.length >= fewestMultiples)
      wide.push({ series: s, least: divisor, most: divisor });
  });
  const [first] = wide;
  if (first === undefined || 2 * wide.length < judged) return;
  const { least, most } = first;
  const apart =
    least === most
      ? `${least} steps of "${spec.frequency}"`
      : `${least} to ${most} steps of "${spec.frequency}"`;
  const wider = widerFrequency(spec.frequency, least, most);
  const of = judged === 1 ? "The rows" : `In ${wide.length} of ${judged} series the rows`;
  throw new TsopsError(
    "PANEL_INVALID",
    `${of} never follow each other at the frequency "${spec.frequency}": those of ${seriesName(series[first.series] ?? {})} lie ${apart} apart.`,
    {
      hint: `${wider === null ? "Give the frequency that the rows have" : `Give frequency: "${wider}"${wider.endsWith("w") ? " (weeks begin on Mondays: round the times to them)" : ""}`}, and make a panel of its own for series of another one. If most steps are meant to be missing, say sparse: true.`,
      details: { series: wide.length, of: judged, steps: least },
    },
  );
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** The frequency of so many steps, as people write it; null where that is not clear. */
function widerFrequency(frequency: string, least: number, most: number): string | null {
  const [, count = "", unit = ""] = /^(\d+)([a-z]+)$/.exec(frequency) ?? [];
  const [from, to] = [Number(count) * least, Number(count) * most];
  if (unit === "d" && from >= 28 && to <= 31) return "1mo";
  if (unit === "d" && from >= 90 && to <= 92) return "3mo";
  if (unit === "d" && from >= 365 && to <= 366) return "1y";
  if (from !== to || unit === "") return null;
  for (const [one, many, larger] of [
    ["d", 7, "w"],
    ["mo", 12, "y"],
    ["h", 24, "d"],
    ["m", 60, "h"],
    ["s", 60, "m"],
  ] as const)
    if (unit === one && from % many === 0) return `${from / many}${larger}`;
  return `${from}${unit}`;
}
