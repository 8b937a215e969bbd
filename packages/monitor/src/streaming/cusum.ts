import { checkOptions, TsopsError } from "@tsops/core";
import { checkNumbers, checkValue } from "./check-numbers.ts";
import type { RawDetector } from "./page-hinkley.ts";

/** Settings of `cusum`. */
export interface CusumOptions {
  /** The mean while nothing has changed. Default 0. */
  readonly target?: number;
  /** The standard deviation while nothing has changed. Default 1. */
  readonly deviation?: number;
  /** Half of the shift to find, in standard deviations. Default 0.5. */
  readonly slack?: number;
  /** The sum at which it alarms, in standard deviations. Default 5. */
  readonly threshold?: number;
}

/**
 * The two-sided tabular CUSUM for a shift of a known mean. It assumes independent values: give it innovations rather than a seasonal or
 * autocorrelated series. Takes a number at a time and allocates nothing.
 * Source: E. S. Page (1954), "Continuous inspection schemes", Biometrika 41.
 * @throws TsopsError MONITOR_INVALID
 */
export function cusum(options: CusumOptions = {}): RawDetector {
  checkOptions("MONITOR_INVALID", "cusum()", options, {
    target: true,
    deviation: true,
    slack: true,
    threshold: true,
  });
  const { target = 0, deviation = 1, slack = 0.5, threshold = 5 } = options;
  checkValue(target);
  checkNumbers("cusum()", { deviation, slack, threshold });
  if (deviation === 0)
    throw new TsopsError("MONITOR_INVALID", "deviation of cusum() is 0, and distances are in units of it.", {
      hint: "Give the standard deviation of the values while nothing has changed.",
    });
  let up = 0;
  let down = 0;
  let statistic = 0;
  return {
    update(value) {
      checkValue(value);
      const distance = (value - target) / deviation;
      up = Math.max(0, up + distance - slack);
      down = Math.max(0, down - distance - slack);
      statistic = up > down ? up : down;
      if (!(statistic > threshold)) return false;
      up = 0;
      down = 0;
      return true;
    },
    get statistic() {
      return statistic;
    },
  };
}
