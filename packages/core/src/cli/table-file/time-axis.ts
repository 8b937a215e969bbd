import { type Frequency, parseFrequency } from "../../time/frequency.ts";
import type { Scale } from "./scales.ts";

/**
 * How the times of a file become those of a panel, and back. A panel has a grid of fixed steps, days, business days or months from their first
 * instants on; a file may have last days of months, or plain numbers of steps.
 */
export interface TimeAxis {
  readonly scale: Scale;
  /** Frequency and zone of the panel. */
  readonly frequency: string;
  readonly zone: string;
  /** In words: `"1h"`, `"1mo (last days)"`, `"business days"`, `"steps of 1"`. */
  readonly text: string;
  /** Null for a value off the grid. */
  toPanel(value: bigint): bigint | null;
  fromPanel(time: bigint): bigint;
}

/** Where the grids of days, months and business days begin to count. */
const origins = { days: 10_959, months: 24_000, businessDays: 7_825, steps: 0 } as const;

/**
 * An axis on a scale.
 * @param step - Of ordinals: microseconds, days, months, or steps of the file.
 * @param first - A value on the grid: it gives the phase.
 * @param frequency - The panel's, where the scale does not tell: for steps.
 */
export function timeAxis(
  scale: Scale,
  step: number,
  first: bigint,
  frequency: string,
  zone: string,
): TimeAxis {
  if (scale.kind === "fixed") return fixedAxis(scale, parseFrequency(frequency, { zone }), first);
  // Calendar days, whatever the clocks do in between: the panel counts them in UTC.
  const grid = parseFrequency(frequency, { zone: "UTC" });
  const origin = origins[scale.kind];
  const phase = modulo((scale.ordinalOf(first) ?? 0) - origin, step);
  return {
    scale,
    frequency,
    zone: "UTC",
    text: textOf(scale, step, frequency),
    toPanel(value) {
      const ordinal = scale.ordinalOf(value);
      if (ordinal === null) return null;
      const cell = (ordinal - origin - phase) / step;
      return Number.isInteger(cell) ? grid.instantAt(cell) : null;
    },
    fromPanel: (time) => scale.instantOf(grid.indexOf(time) * step + origin + phase),
  };
}

function fixedAxis(scale: Scale, grid: Frequency, first: bigint): TimeAxis {
  const phase = first - grid.floor(first);
  return {
    scale,
    frequency: grid.text,
    zone: grid.zone,
    text: grid.text,
    toPanel(value) {
      const time = value - phase;
      return grid.isOnGrid(time) ? time : null;
    },
    fromPanel: (time) => time + phase,
  };
}

function textOf({ kind, note }: Scale, step: number, frequency: string): string {
  if (kind === "steps") return step === 1 ? "steps" : `steps of ${step}`;
  if (kind === "businessDays") return step === 1 ? "business days" : `every ${step} business days`;
  return note === null ? frequency : `${frequency} (${note})`;
}

function modulo(value: number, step: number): number {
  return ((value % step) + step) % step;
}
