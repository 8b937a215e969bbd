import { TsopsError } from "../../errors.ts";
import { formatDuration } from "../../time/duration.ts";
import type { Scale } from "./scales.ts";

/** What to say of distances that make no grid: what they are, and which steps would hold a row or more. */
export function irregularTimes(found: {
  readonly kind: Scale["kind"];
  /** How often each distance is there, in ordinals of the scale. */
  readonly distances: ReadonlyMap<number, number>;
  /** The step of which all times are multiples; null where it is too fine for a panel. */
  readonly finest: string | null;
  /** Whether the command has `--aggregate`. */
  readonly canAggregate: boolean;
  /** A distance as the scale has it. */
  text(step: number): string;
}): TsopsError {
  const { kind, finest, canAggregate } = found;
  const all = [...found.distances].sort(([a], [b]) => a - b);
  const total = all.reduce((sum, [, count]) => sum + count, 0);
  const [least, most] = [all[0]?.[0] ?? 0, all.at(-1)?.[0] ?? 0];
  const middle = middleOf(all, total);
  const text = (step: number) => (kind === "fixed" ? roughDuration(step) : found.text(step));
  const common = all.find(([, count]) => count > total / 2)?.[0];
  const apart =
    common === undefined
      ? `they are from ${text(least)} to ${text(most)} apart, half of them ${text(middle)} or less`
      : `most are ${text(common)} apart, others from ${text(least)} to ${text(most)}`;
  const coarser = coarserFrequency(kind, middle);
  const first =
    coarser === null
      ? "Bring the rows on a grid first"
      : canAggregate
        ? `Say --freq ${coarser} --aggregate mean to forecast their mean in steps of ${coarser}`
        : `Bring the rows on a grid first, for instance their mean in steps of ${coarser}`;
  const gaps = finest === null ? "" : `, or say --freq ${finest} to have the rest as gaps`;
  return new TsopsError("PANEL_INVALID", `The times lie on no regular grid: ${apart}.`, {
    hint: `${first}${gaps}.`,
    details: { least: text(least), middle: text(middle), most: text(most) },
  });
}

/** The distance that half of them do not surpass. */
function middleOf(distances: readonly (readonly [number, number])[], total: number): number {
  let seen = 0;
  for (const [distance, count] of distances) {
    seen += count;
    if (2 * seen >= total) return distance;
  }
  return 0;
}

/** Steps that people think in, in microseconds. */
const usualSteps = (
  [
    ["1s", 1],
    ["5s", 5],
    ["10s", 10],
    ["30s", 30],
    ["1m", 60],
    ["5m", 300],
    ["15m", 900],
    ["30m", 1800],
    ["1h", 3600],
    ["3h", 10_800],
    ["6h", 21_600],
    ["12h", 43_200],
    ["1d", 86_400],
    ["1w", 604_800],
    ["1mo", 2_592_000],
    ["3mo", 7_776_000],
    ["1y", 31_536_000],
  ] as const
).map(([frequency, seconds]) => ({ frequency, micros: seconds * 1e6 }));

/** A frequency with two rows in a usual step, or more; null for whole numbers, or where even years have fewer. */
function coarserFrequency(kind: Scale["kind"], middle: number): string | null {
  if (kind === "steps" || kind === "months") return null;
  const micros = kind === "fixed" ? middle : middle * 86_400e6;
  return usualSteps.find((step) => step.micros >= 2 * micros)?.frequency ?? null;
}

/** A distance in its two largest units: `6h 8m`. */
function roughDuration(micros: number): string {
  const units = [
    ["d", 86_400e6],
    ["h", 3600e6],
    ["m", 60e6],
    ["s", 1e6],
  ] as const;
  const at = units.findIndex(([, size]) => micros >= size);
  if (at < 0) return formatDuration(BigInt(micros));
  const parts: string[] = [];
  let rest = micros;
  for (const [unit, size] of units.slice(at, at + 2)) {
    if (rest >= size) parts.push(`${Math.floor(rest / size)}${unit}`);
    rest %= size;
  }
  return parts.join(" ");
}
