import { TsopsError } from "../../errors.ts";
import type { SeriesKey } from "../../forecast/panel/panel.ts";
import type { Columns } from "../../schema/columns.ts";
import { sliceColumns } from "../../schema/reshape.ts";
import { addDuration, parseDuration, subtractDuration } from "../../time/duration.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { secondsOf } from "../../time/instant.ts";
import { instantOfLocal } from "../../time/local.ts";
import { resolveZone } from "../../time/zone.ts";
import type { Pair } from "./compare.ts";
import type { DriftCommandOptions } from "./options.ts";
import type { DriftData, SeriesRows } from "./read-series.ts";

/** A window of a file beside its reference. */
export interface FileWindow {
  /** First time that belongs to it, and first that does not. */
  readonly from: bigint;
  readonly to: bigint;
  readonly referenceFrom: bigint;
  readonly referenceTo: bigint;
  readonly rows: number;
  readonly referenceRows: number;
  readonly pairs: readonly Pair[];
  /** Series without a row in it that had some in the stretch of its length right before; none of a window that the file ends in. */
  readonly lost: readonly SeriesKey[];
}

/** Windows of a reference where its length was not said. */
const usualReference = 4;
/** Windows that are tested, at most. */
const mostWindows = 20_000;

/**
 * Cuts a file into windows from its first time on, each beside its reference: the stretch right before it, or the first one of the file for all.
 * @throws TsopsError CONFIG_INVALID, DURATION_INVALID (lengths that are none), PANEL_INVALID (the file ends before the first window after a reference)
 */
export function cutWindows(
  data: DriftData,
  { windows = "7d", reference, against }: Pick<DriftCommandOptions, "windows" | "reference" | "against">,
): readonly FileWindow[] {
  const [file] = data.files as [DriftData["files"][number]];
  const length = lengthOf("--windows", windows, data);
  const before = reference === undefined ? null : lengthOf("--reference", reference, data);
  /** From the first time on, so that months do not creep from the 31st to the 28th. */
  const at = (count: number) => length.after(file.from, count);
  const firstWindow = (): bigint => (before === null ? at(usualReference) : before.after(file.from, 1));
  const start = firstWindow();
  const found: FileWindow[] = [];
  const grid = parseFrequency(data.axis.frequency, { zone: data.axis.zone });
  for (let i = 0; ; i++) {
    const from = length.after(start, i);
    if (from > file.to) break;
    if (i >= mostWindows)
      throw new TsopsError(
        "CONFIG_INVALID",
        `There are more than ${mostWindows.toLocaleString("en-US")} windows of ${windows}.`,
        { hint: "Take longer windows, e.g. --windows 7d." },
      );
    const to = length.after(start, i + 1);
    const [referenceFrom, referenceTo] =
      against === "first"
        ? [file.from, start]
        : [before === null ? length.before(from, usualReference) : before.before(from, 1), from];
    const pairs = file.series.map((series): Pair => {
      return {
        key: series.key,
        reference: between(series, referenceFrom, referenceTo),
        current: between(series, from, to),
      };
    });
    const earlier = i === 0 ? length.before(from, 1) : length.after(start, i - 1);
    const isFull = grid.indexOf(to) - grid.indexOf(file.to) <= 1;
    const lost = file.series.filter(
      (series, which) => isFull && pairs[which]?.current === null && between(series, earlier, from) !== null,
    );
    const count = (which: "reference" | "current") =>
      pairs.reduce((sum, pair) => sum + (pair[which]?.length ?? 0), 0);
    found.push({
      from,
      to,
      referenceFrom,
      referenceTo,
      rows: count("current"),
      referenceRows: count("reference"),
      pairs,
      lost: lost.map(({ key }) => key),
    });
  }
  if (found.length === 0)
    throw new TsopsError(
      "PANEL_INVALID",
      `${file.path} goes from ${data.textOf(file.from)} to ${data.textOf(file.to)}: too short for a reference of ${reference ?? `${usualReference} windows`} and a window of ${windows} after it.`,
      { hint: "Take shorter windows with --windows, or a shorter reference with --reference." },
    );
  return found;
}

interface Length {
  after(time: bigint, count: number): bigint;
  before(time: bigint, count: number): bigint;
}

/** `7d`, `1mo`, or a whole number of steps where times are steps. */
function lengthOf(option: string, text: string, { style, zone }: DriftData): Length {
  if (style === "steps") {
    const steps = /^[1-9]\d{0,14}$/.test(text) ? BigInt(text) : null;
    if (steps === null)
      throw new TsopsError("CONFIG_INVALID", `${option} ${text} is no number of steps.`, {
        hint: `The times are whole numbers: write ${option} 168 for windows of 168 of them.`,
      });
    return {
      after: (time, count) => time + steps * BigInt(count),
      before: (time, count) => time - steps * BigInt(count),
    };
  }
  const duration = parseDuration(text);
  if (duration.kind === "fixed" ? duration.micros === 0n : duration.months === 0)
    throw new TsopsError("CONFIG_INVALID", `${option} ${text} has no length.`, { hint: "Write e.g. 7d." });
  const times = (count: number) =>
    duration.kind === "fixed"
      ? { ...duration, micros: duration.micros * BigInt(count) }
      : { ...duration, months: duration.months * count };
  if (duration.kind === "fixed" && duration.micros % dayMicros === 0n)
    return {
      after: (time, count) => daysLater(time, duration.micros * BigInt(count), zone),
      before: (time, count) => daysLater(time, -duration.micros * BigInt(count), zone),
    };
  return {
    after: (time, count) => addDuration(time, times(count), zone),
    before: (time, count) => subtractDuration(time, times(count), zone),
  };
}

const dayMicros = 86_400_000_000n;

/** The same time of day by the clocks of a zone, whole days later. */
function daysLater(time: bigint, micros: bigint, zoneName: string): bigint {
  const zone = resolveZone(zoneName);
  const seconds = secondsOf(time);
  const local = seconds + zone.periodAt(seconds).offset + Number(micros / 1_000_000n);
  return BigInt(instantOfLocal(zone, local)) * 1_000_000n + (time - BigInt(seconds) * 1_000_000n);
}

function between({ times, columns }: SeriesRows, from: bigint, to: bigint): Columns | null {
  const [start, end] = [firstAtLeast(times, from), firstAtLeast(times, to)];
  return start === end ? null : sliceColumns(columns, start, end);
}

function firstAtLeast(times: BigInt64Array, time: bigint): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as bigint) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
