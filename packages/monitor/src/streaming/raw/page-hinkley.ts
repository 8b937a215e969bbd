import { checkOptions, shown, TsopsError } from "@tsops/core";
import {
  checkNumbers,
  checkSaved,
  checkValue,
  type RawDetector,
  readDetector,
  writeDetector,
} from "./raw-detector.ts";

/** Settings of `pageHinkley`. */
export interface PageHinkleyOptions {
  /** Values before the first test. Default 30. */
  readonly minimum?: number;
  /** Change of the mean that is tolerated, in the values' units. Default 0.005. */
  readonly delta?: number;
  /** The sum at which it alarms, in the values' units. Default 50. */
  readonly threshold?: number;
  /** What is kept of the sum from value to value. Default 0.9999. */
  readonly keep?: number;
  /** Which changes count. Default "both". */
  readonly direction?: "up" | "down" | "both";
}

/**
 * The Page-Hinkley test for a change of the mean, as River 0.26.1 does it. It assumes independent values: give it innovations rather
 * than a seasonal or autocorrelated series. Takes a number at a time and allocates nothing.
 * Source: D. V. Hinkley (1971), "Inference about the change-point from cumulative sum tests", Biometrika 58.
 * @throws TsopsError MONITOR_INVALID
 */
export function pageHinkley(options: PageHinkleyOptions = {}): RawDetector {
  // As in River, where the falling sum's highest value starts from -1.
  return detector(options, [0, 0, 0, 0, Number.POSITIVE_INFINITY, -1, 0]);
}

/**
 * A `pageHinkley` from the bytes of its `save()`, with the settings it had.
 * @throws TsopsError MODEL_FORMAT_INVALID for other or damaged bytes
 */
export function loadPageHinkley(bytes: Uint8Array): RawDetector {
  const { header, array } = readDetector(bytes, "page-hinkley");
  const sums = array("sums", "float64", 7);
  checkSaved(Number.isInteger(sums[0]) && (sums[0] as number) >= 0, "page-hinkley");
  return detector(header, sums as unknown as Sums);
}

type Sums = readonly [
  count: number,
  mean: number,
  rising: number,
  falling: number,
  lowest: number,
  highest: number,
  statistic: number,
];

function detector(options: PageHinkleyOptions, sums: Sums): RawDetector {
  checkOptions("MONITOR_INVALID", "pageHinkley()", options, {
    minimum: true,
    delta: true,
    threshold: true,
    keep: true,
    direction: true,
  });
  const { minimum = 30, delta = 0.005, threshold = 50, keep = 0.9999, direction = "both" } = options;
  checkNumbers("pageHinkley()", { minimum, delta, threshold, keep });
  if (!Number.isInteger(minimum) || keep > 1)
    throw new TsopsError(
      "MONITOR_INVALID",
      `pageHinkley() was given minimum ${shown(minimum)} and keep ${shown(keep)}.`,
      { hint: "minimum is a whole number, keep lies between 0 and 1." },
    );
  if (direction !== "up" && direction !== "down" && direction !== "both")
    throw new TsopsError("MONITOR_INVALID", `direction is ${shown(direction)}.`, {
      hint: 'Write "up", "down" or "both".',
    });
  let [count, mean, rising, falling, lowest, highest, statistic] = sums;
  return {
    update(value) {
      checkValue(value);
      count++;
      mean += (value - mean) / count;
      rising = keep * rising + (value - mean) - delta;
      falling = keep * falling + (value - mean) + delta;
      if (rising < lowest) lowest = rising;
      if (falling > highest) highest = falling;
      const up = direction === "down" ? 0 : rising - lowest;
      const down = direction === "up" ? 0 : highest - falling;
      statistic = up > down ? up : down;
      if (count < minimum || !(statistic > threshold)) return false;
      count = 0;
      mean = 0;
      rising = 0;
      falling = 0;
      lowest = Number.POSITIVE_INFINITY;
      highest = -1;
      return true;
    },
    get statistic() {
      return statistic;
    },
    save: () =>
      writeDetector(
        "page-hinkley",
        { minimum, delta, threshold, keep, direction },
        { sums: Float64Array.of(count, mean, rising, falling, lowest, highest, statistic) },
      ),
  };
}
