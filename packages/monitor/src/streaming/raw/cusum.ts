import { checkOptions, TsopsError } from "@tsops/core";
import {
  checkNumbers,
  checkSaved,
  checkValue,
  type RawDetector,
  readDetector,
  writeDetector,
} from "./raw-detector.ts";

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
  return detector(options, [0, 0, 0]);
}

/**
 * A `cusum` from the bytes of its `save()`, with the settings it had.
 * @throws TsopsError MODEL_FORMAT_INVALID for other or damaged bytes
 */
export function loadCusum(bytes: Uint8Array): RawDetector {
  const { header, array } = readDetector(bytes, "cusum");
  const sums = array("sums", "float64", 3);
  checkSaved(
    sums.every((sum) => sum >= 0),
    "cusum",
  );
  return detector(header, sums as unknown as Sums);
}

/** Of what lay above and below, and the larger of the two before it may have been reset. */
type Sums = readonly [up: number, down: number, statistic: number];

function detector(options: CusumOptions, sums: Sums): RawDetector {
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
  let [up, down, statistic] = sums;
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
    save: () =>
      writeDetector(
        "cusum",
        { target, deviation, slack, threshold },
        { sums: Float64Array.of(up, down, statistic) },
      ),
  };
}
