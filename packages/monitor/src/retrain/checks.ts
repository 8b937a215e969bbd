import { type Frequency, formatInstant, TsopsError } from "@tsops/core";
import type { WindowPerformance } from "../performance/by-window.ts";
import type { RetrainPolicy } from "./policy.ts";

/** One look at the latest windows. */
export interface RetrainCheck {
  /** End of the latest window it looked at, ISO 8601. */
  readonly at: string;
  /** Windows with outcomes among those that it averaged. */
  readonly windows: number;
  /** The average; null when fewer than half of the windows have outcomes. */
  readonly value: number | null;
  readonly breach: boolean;
}

/** Some checks, and whether enough of them breach. */
export interface TriggerByChecks {
  readonly threshold: number;
  /** Oldest first. */
  readonly checks: readonly RetrainCheck[];
  readonly breaches: number;
  readonly needed: number;
  readonly fired: boolean;
}

/**
 * The latest checks of one figure. The check at an instant averages the `policy.window` windows before it (each counts the same),
 * all of which the champion served; the first one is therefore that long after it began to serve.
 * @param figure - Of a window; NaN when it has none.
 */
export function checkWindows(
  windows: ReadonlyMap<number, WindowPerformance>,
  policy: RetrainPolicy,
  grid: Frequency,
  { since, now }: { readonly since: bigint; readonly now: bigint },
  figure: (window: WindowPerformance) => number,
  threshold: number,
  breaches: (value: number) => boolean,
): TriggerByChecks {
  const last = grid.indexOf(now);
  const first = firstCellFrom(grid, since) + policy.window;
  const checks: RetrainCheck[] = [];
  for (let end = Math.max(first, last - policy.breaches.of + 1); end <= last; end++) {
    const values: number[] = [];
    for (let cell = end - policy.window; cell < end; cell++) {
      const window = windows.get(cell);
      const value = window === undefined ? Number.NaN : figure(window);
      if (!Number.isNaN(value)) values.push(value);
    }
    const isJudged = values.length > 0 && 2 * values.length >= policy.window;
    const value = isJudged ? values.reduce((a, b) => a + b, 0) / values.length : null;
    checks.push({
      at: formatInstant(grid.instantAt(end)),
      windows: values.length,
      value,
      breach: value !== null && breaches(value),
    });
  }
  const count = checks.filter((check) => check.breach).length;
  const { k, of } = policy.breaches;
  return { threshold, checks, breaches: count, needed: k, fired: checks.length === of && count >= k };
}

/** Windows by their number on the grid. @throws TsopsError MONITOR_INVALID when they are not one entry per grid cell. */
export function windowsByCell(
  history: readonly WindowPerformance[],
  policy: RetrainPolicy,
  grid: Frequency,
): Map<number, WindowPerformance> {
  const cells = new Map<number, WindowPerformance>();
  for (const window of history) {
    const cell = grid.indexOf(window.start);
    if (grid.instantAt(cell) !== window.start || grid.instantAt(cell + 1) !== window.end)
      throw new TsopsError(
        "MONITOR_INVALID",
        `The window from ${formatInstant(window.start)} to ${formatInstant(window.end)} is not a ${policy.every} of zone ${policy.zone}.`,
        { hint: "Cut the performance with the policy's `every` and `zone`." },
      );
    if (cells.has(cell))
      throw new TsopsError(
        "MONITOR_INVALID",
        `The history has two entries for the window from ${formatInstant(window.start)}.`,
        { hint: "Cut the performance without a split." },
      );
    cells.set(cell, window);
  }
  return cells;
}

/** Number of the first cell that starts at or after an instant. */
export function firstCellFrom(grid: Frequency, instant: bigint): number {
  const cell = grid.indexOf(instant);
  return grid.instantAt(cell) === instant ? cell : cell + 1;
}
