import { checkOptions, shown, TsopsError } from "@tsops/core";
import { checkNumbers, checkSaved, checkValue, readDetector, writeDetector } from "./raw-detector.ts";

/** Settings of `adwin`. */
export interface AdwinOptions {
  /** Confidence of a cut: the smaller, the fewer alarms. Default 0.002. */
  readonly delta?: number;
  /** Looks for a cut after every so many values. Default 32. */
  readonly clock?: number;
  /** Buckets of one size before two of them are merged. Default 5. */
  readonly buckets?: number;
  /** Fewest values on either side of a cut. Default 5. */
  readonly minimum?: number;
  /** Values before the first look. Default 10. */
  readonly grace?: number;
}

/** An adaptive window. */
export interface Adwin {
  /** Takes a number. @returns Whether the window was cut now. @throws TsopsError MONITOR_INVALID for NaN and infinities. */
  update(value: number): boolean;
  /** Values in the window, their mean and variance. */
  readonly width: number;
  readonly mean: number;
  readonly variance: number;
  /** Its settings and its window, at most 16 bytes for each of its buckets; `loadAdwin` goes on from there as if nothing had happened. */
  save(): Uint8Array;
}

/** Sizes of buckets: 1, 2, 4 ... so a window of 2^40 values. */
const sizes = 40;

/**
 * ADWIN: a window that drops its older part when the means of two parts of it differ, as River 0.26.1 does it (with a window that
 * starts anew after each alarm). It assumes independent values: give it innovations rather than a seasonal or autocorrelated series.
 * Takes a number at a time and allocates nothing.
 * Source: A. Bifet, R. Gavalda (2007), "Learning from time-changing data with adaptive windowing", SIAM International Conference on Data Mining.
 * @throws TsopsError MONITOR_INVALID
 */
export function adwin(options: AdwinOptions = {}): Adwin {
  return detector(options, null);
}

/**
 * An `adwin` from the bytes of its `save()`, with the settings it had.
 * @throws TsopsError MODEL_FORMAT_INVALID for other or damaged bytes
 */
export function loadAdwin(bytes: Uint8Array): Adwin {
  const { header, array } = readDetector(bytes, "adwin");
  const counts = array("counts", "int32", sizes);
  const buckets = counts.reduce((sum, count) => sum + count, 0);
  const saved = {
    counts,
    window: array("window", "float64", 5),
    totals: array("totals", "float64", buckets),
    variances: array("variances", "float64", buckets),
  };
  checkSaved(isWindow(saved, header as AdwinOptions), "adwin");
  return detector(header, saved);
}

/** What is saved of a window: its buckets from the smallest size on, each size's oldest first. */
interface SavedWindow {
  readonly counts: Int32Array;
  readonly totals: Float64Array;
  readonly variances: Float64Array;
  /** width, total, variance, ticks, and 1 where it starts anew with the next value. */
  readonly window: Float64Array;
}

function isWindow({ counts, window }: SavedWindow, { buckets = 0 }: AdwinOptions): boolean {
  const width = counts.reduce((sum, count, size) => sum + count * 2 ** size, 0);
  return counts.every((count) => count >= 0 && count <= buckets) && window[0] === width;
}

function detector(options: AdwinOptions, saved: SavedWindow | null): Adwin {
  checkOptions("MONITOR_INVALID", "adwin()", options, {
    delta: true,
    clock: true,
    buckets: true,
    minimum: true,
    grace: true,
  });
  const { delta = 0.002, clock = 32, buckets = 5, minimum = 5, grace = 10 } = options;
  checkNumbers("adwin()", { delta, clock, buckets, minimum, grace });
  const areWhole = [clock, buckets, minimum, grace].every(Number.isInteger);
  if (!(delta > 0 && delta < 1 && areWhole && clock >= 1 && minimum >= 1 && buckets >= 2 && buckets <= 1000))
    throw new TsopsError(
      "MONITOR_INVALID",
      `adwin() was given delta ${shown(delta)}, clock ${shown(clock)}, ${shown(buckets)} buckets, minimum ${shown(minimum)} and grace ${shown(grace)}.`,
      {
        hint: "delta lies between 0 and 1; the others are whole numbers: clock and minimum from 1 on, buckets from 2 to 1000, grace from 0 on.",
      },
    );
  // Buckets of one size lie beside each other, the oldest first.
  const room = buckets + 1;
  const totals = new Float64Array(sizes * room);
  const variances = new Float64Array(sizes * room);
  const counts = new Int32Array(sizes);
  let [width, total, variance, ticks, largest] = [0, 0, 0, 0, 0];
  let restart = false;
  if (saved !== null) restore(saved);

  function restore(from: SavedWindow): void {
    counts.set(from.counts);
    largest = Math.max(
      0,
      counts.findLastIndex((count) => count > 0),
    );
    let taken = 0;
    counts.forEach((count, size) => {
      totals.set(from.totals.subarray(taken, taken + count), size * room);
      variances.set(from.variances.subarray(taken, taken + count), size * room);
      taken += count;
    });
    [width, total, variance, ticks] = from.window as unknown as readonly [number, number, number, number];
    restart = from.window[4] === 1;
  }

  /** Of one number a bucket, those that are there. */
  function present(numbers: Float64Array): Float64Array<ArrayBuffer> {
    const kept: number[] = [];
    counts.forEach((count, size) => {
      for (let i = 0; i < count; i++) kept.push(numbers[size * room + i] as number);
    });
    return Float64Array.from(kept);
  }

  function reset(): void {
    counts.fill(0);
    width = 0;
    total = 0;
    variance = 0;
    ticks = 0;
    largest = 0;
  }

  function insert(value: number): void {
    if (width > 0) variance += (width * (value - total / width) ** 2) / (width + 1);
    width++;
    total += value;
    push(0, value, 0);
    for (let size = 0; (counts[size] as number) > buckets; size++) merge(size);
  }

  function push(size: number, sum: number, spread: number): void {
    const at = size * room + (counts[size] as number);
    totals[at] = sum;
    variances[at] = spread;
    counts[size] = (counts[size] as number) + 1;
    if (size > largest) largest = size;
  }

  /** The two oldest buckets of a size become one of the next. */
  function merge(size: number): void {
    const at = size * room;
    const length = 2 ** size;
    const difference = ((totals[at] as number) - (totals[at + 1] as number)) / length;
    const sum = (totals[at] as number) + (totals[at + 1] as number);
    const spread =
      (variances[at] as number) + (variances[at + 1] as number) + (length * difference * difference) / 2;
    removeOldest(size, 2);
    push(size + 1, sum, spread);
  }

  function removeOldest(size: number, how: number): void {
    const at = size * room;
    const count = counts[size] as number;
    totals.copyWithin(at, at + how, at + count);
    variances.copyWithin(at, at + how, at + count);
    counts[size] = count - how;
  }

  /** Drops the oldest bucket. */
  function shorten(): void {
    const at = largest * room;
    const length = 2 ** largest;
    const sum = totals[at] as number;
    width -= length;
    total -= sum;
    const difference = sum / length - total / width;
    variance -= (variances[at] as number) + (length * width * difference * difference) / (length + width);
    removeOldest(largest, 1);
    while (largest > 0 && counts[largest] === 0) largest--;
  }

  /** Whether some cut of the window leaves parts of different means. */
  function findsCut(): boolean {
    let before = 0;
    let sum = 0;
    for (let size = largest; size >= 0; size--)
      for (let i = 0; i < (counts[size] as number); i++) {
        before += 2 ** size;
        sum += totals[size * room + i] as number;
        const after = width - before;
        if (after <= 0) return false;
        if (before >= minimum && after >= minimum && differs(before, after, sum)) return true;
      }
    return false;
  }

  function differs(before: number, after: number, sum: number): boolean {
    const confidence = Math.log((2 * Math.log(width)) / delta);
    const spread = 1 / (before - minimum + 1) + 1 / (after - minimum + 1);
    const bound = Math.sqrt((2 * spread * variance * confidence) / width) + (2 / 3) * confidence * spread;
    return Math.abs(sum / before - (total - sum) / after) > bound;
  }

  return {
    update(value) {
      checkValue(value);
      if (restart) reset();
      restart = false;
      insert(value);
      ticks++;
      if (ticks % clock !== 0 || width <= grace) return false;
      while (findsCut()) {
        restart = true;
        shorten();
      }
      return restart;
    },
    get width() {
      return width;
    },
    get mean() {
      return width === 0 ? 0 : total / width;
    },
    get variance() {
      return width === 0 ? 0 : variance / width;
    },
    save: () =>
      writeDetector(
        "adwin",
        { delta, clock, buckets, minimum, grace },
        {
          counts: Int32Array.from(counts),
          totals: present(totals),
          variances: present(variances),
          window: Float64Array.of(width, total, variance, ticks, restart ? 1 : 0),
        },
      ),
  };
}
