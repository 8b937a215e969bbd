import { TsopsError } from "../../errors.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import { formatDuration } from "../../time/duration.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { irregularTimes } from "./irregular-times.ts";
import { businessDayScale, dayScale, fixedScale, monthScale, type Scale, stepScale } from "./scales.ts";
import { type TimeAxis, timeAxis } from "./time-axis.ts";
import { zoneOfChanges, zoneOfDays } from "./wall-clock.ts";

/** The times of a file, by series. */
export interface FileTimes {
  /** Microseconds UTC, or numbers of steps. */
  readonly values: BigInt64Array;
  readonly isSteps: boolean;
  /** Whether they are times of a clock whose zone was not said, taken as if in UTC. */
  readonly isWallClock: boolean;
  /** The series of each row. */
  readonly seriesOf: Int32Array;
  readonly seriesNames: readonly string[];
  readonly zone: string;
  /** A value as the file has it. */
  text(value: bigint): string;
  /** Where a row is, e.g. `line 7`. */
  placeOf(row: number): string;
  /** Whether the command has `--aggregate`. */
  readonly canAggregate?: boolean;
}

/** An axis without what only the data can tell: the frequency that steps stand for. */
export type AxisGuess = { readonly step: number; axis(frequency?: string): TimeAxis };

/**
 * Finds the grid of the times: months by one day in each, business days, days and weeks, or fixed steps; or whole numbers. Gaps are allowed.
 * @throws TsopsError FREQUENCY_INVALID (fewer than 3 different times), PANEL_INVALID (a series has a time twice, irregular steps: rows listed; several
 * frequencies: series listed)
 */
export function guessAxis(times: FileTimes): AxisGuess {
  refuseRepeated(times);
  const distinct = distinctOf(times.values);
  if (distinct.length < 3)
    throw new TsopsError(
      "FREQUENCY_INVALID",
      `A frequency can only be guessed from at least 3 different times; there ${distinct.length === 1 ? "is" : "are"} ${distinct.length}.`,
      { hint: "Say it, e.g. --freq 1h, 1d, 1w, 1mo or business." },
    );
  const first = times.values[0] as bigint;
  const scale = scaleOf(times, distinct);
  const found = stepOf(times, scale);
  return {
    step: found,
    axis: (frequency) => timeAxis(scale, found, first, frequency ?? frequencyOf(scale, found), times.zone),
  };
}

/** Whether times run on without one twice, as those of most files of one series do: sets and maps of a million times take seconds. */
function isAscending(values: BigInt64Array): boolean {
  for (let row = 1; row < values.length; row++)
    if ((values[row] as bigint) <= (values[row - 1] as bigint)) return false;
  return true;
}

function distinctOf(values: BigInt64Array): BigInt64Array {
  return isAscending(values) ? values : BigInt64Array.from(new Set(values));
}

/**
 * The axis of a frequency that was named: `1h`, `1d`, `1b`, `1w`, `1mo`, `step`.
 * @throws TsopsError FREQUENCY_INVALID, PANEL_INVALID (a time twice, or off the grid: rows listed)
 */
export function axisOf(times: FileTimes, asked: string): AxisGuess {
  refuseRepeated(times);
  const first = times.values[0] as bigint;
  if (times.isSteps) {
    if (asked !== "step")
      throw new TsopsError(
        "FREQUENCY_INVALID",
        `The time column holds whole numbers, which have no frequency ${asked}.`,
        {
          hint: "Write --freq step, or name a column of times with --time.",
        },
      );
    return guessAxis(times);
  }
  const { kind, step, text } = parseFrequency(asked, { zone: times.zone });
  const scale =
    kind === "months"
      ? (monthScale(times.zone, times.values) ?? dayScale(times.zone, first))
      : kind === "days"
        ? dayScale(times.zone, first)
        : kind === "businessDays"
          ? businessDayScale(times.zone, first)
          : fixedScale;
  if (kind === "months" && scale.kind !== "months")
    throw new TsopsError(
      "PANEL_INVALID",
      `The times are not one day in each month, so they are not on a grid of ${asked}.`,
      {
        hint: "Sum or average the rows of each month first, or leave --freq out.",
      },
    );
  return checked(times, asked, {
    step: Number(step),
    axis: () => timeAxis(scale, Number(step), first, text, times.zone),
  });
}

function checked(times: FileTimes, asked: string, guess: AxisGuess): AxisGuess {
  const axis = guess.axis();
  const off: number[] = [];
  times.values.forEach((value, row) => {
    if (axis.toPanel(value) === null) off.push(row);
  });
  if (off.length === 0) return guess;
  throw new TsopsError(
    "PANEL_INVALID",
    `${off.length} of ${times.values.length} times are not on a grid of ${asked} with ${times.text(times.values[0] as bigint)}: ${listed(times, off)}.`,
    {
      hint: `Correct these rows, or leave --freq out to have the frequency guessed${times.canAggregate === true ? `; to forecast the mean of the rows in each step, add --aggregate mean` : ""}.`,
      details: { count: off.length, places: off.slice(0, 20).map(times.placeOf) },
    },
  );
}

function scaleOf({ isSteps, zone }: FileTimes, distinct: BigInt64Array): Scale {
  if (isSteps) return stepScale;
  const months = monthScale(zone, distinct);
  if (months !== null) return months;
  const first = distinct[0] ?? 0n;
  const days = dayScale(zone, first);
  if (!distinct.every((value) => days.ordinalOf(value) !== null)) return fixedScale;
  const business = businessDayScale(zone, first);
  // Two weeks of days without a Saturday or Sunday are no accident.
  const isBusiness =
    distinct.length >= 8 &&
    distinct.every((value) => business.ordinalOf(value) !== null) &&
    new Set(Array.from(distinct).map((value) => (business.ordinalOf(value) as number) % 5)).size > 1;
  return isBusiness ? business : days;
}

/** Sorted ordinals of each series. */
function ordinalsBySeries({ values, seriesOf, seriesNames }: FileTimes, scale: Scale): number[][] {
  const bySeries: number[][] = seriesNames.map(() => []);
  values.forEach((value, row) => {
    bySeries[seriesOf[row] as number]?.push(scale.ordinalOf(value) as number);
  });
  if (!isAscending(values)) for (const one of bySeries) one.sort((a, b) => a - b);
  return bySeries;
}

function stepOf(times: FileTimes, scale: Scale): number {
  const bySeries = ordinalsBySeries(times, scale);
  const counts = new Map<number, number>();
  let common = 0;
  const origin = bySeries.find((one) => one.length > 0)?.[0] ?? 0;
  for (const ordinals of bySeries) {
    if (ordinals[0] !== undefined) common = divisor(common, Math.abs(ordinals[0] - origin));
    for (let i = 1; i < ordinals.length; i++) {
      const difference = (ordinals[i] as number) - (ordinals[i - 1] as number);
      counts.set(difference, (counts.get(difference) ?? 0) + 1);
      common = divisor(common, difference);
    }
  }
  const usual = mostFrequent(counts);
  refuseSeveral(times, scale, bySeries, common);
  if (usual === common) return common;
  if (scale.kind === "fixed") refuseClockDays(times, usual);
  refuseOff(times, scale, usual);
  const rows = times.values.length;
  const cells = bySeries.reduce(
    (sum, one) => sum + (one.length === 0 ? 0 : ((one.at(-1) as number) - (one[0] as number)) / common + 1),
    0,
  );
  if (rows >= cells / 2) return common;
  throw irregularTimes({
    kind: scale.kind,
    distances: counts,
    finest: cells <= mostSparse * rows ? stepText(scale, common) : null,
    canAggregate: times.canAggregate ?? false,
    text: (step) => stepText(scale, step),
  });
}

/** Steps for each row, at most, that are worth a grid: of more a panel is hardly anything but gaps. */
const mostSparse = 10;

/** @throws TsopsError PANEL_INVALID where instants are the days, weeks or months of a clock that changes, such as midnights of Berlin */
function refuseClockDays(times: FileTimes, usual: number): void {
  if (times.isWallClock || usual < 86_400e6) return;
  const distinct = distinctOf(times.values);
  const zone = zoneOfDays((name) => scaleOf({ ...times, zone: name }, distinct).kind !== "fixed");
  if (zone === null) return;
  throw new TsopsError(
    "PANEL_INVALID",
    `The times are regular by a clock that changes, as those of ${zone} do, and not by that of ${times.zone}: most are ${stepText(fixedScale, usual)} apart.`,
    { hint: `Say --zone ${zone}, or the zone of the file.`, details: { zone } },
  );
}

/** Rows after which it is no accident that a series keeps to a coarser grid than the others. */
const enoughRows = 8;

/** Series that keep to steps of their own. */
function refuseSeveral(
  { seriesNames }: FileTimes,
  scale: Scale,
  bySeries: readonly number[][],
  common: number,
): void {
  const steps = new Map<number, string[]>();
  bySeries.forEach((ordinals, s) => {
    if (ordinals.length < enoughRows) return;
    let own = 0;
    for (let i = 1; i < ordinals.length; i++)
      own = divisor(own, (ordinals[i] as number) - (ordinals[i - 1] as number));
    steps.set(own, [...(steps.get(own) ?? []), seriesNames[s] as string]);
  });
  // All on one grid that is finer than each has it: they are shifted against each other.
  if (steps.size === 1 && !steps.has(common)) return;
  if (steps.size < 2) return;
  const found = [...steps].sort(([a], [b]) => a - b);
  throw new TsopsError(
    "PANEL_INVALID",
    `The series have several frequencies: ${found.map(([step, names]) => `${stepText(scale, step)} in ${listSome(names, 3)}`).join("; ")}.`,
    {
      hint: `Take them one frequency at a time, or say --freq ${stepText(scale, found[0]?.[0] ?? 1)} to have the rest as gaps.`,
      details: {
        frequencies: found.map(([step, names]) => ({
          step: stepText(scale, step),
          count: names.length,
          series: names.slice(0, 20),
        })),
      },
    },
  );
}

/** Few rows beside the grid of the others are mistakes, and a finer grid for their sake would be one as well. */
function refuseOff(times: FileTimes, scale: Scale, usual: number): void {
  const phases = new Map<number, number>();
  for (const value of times.values) {
    const phase = (((scale.ordinalOf(value) as number) % usual) + usual) % usual;
    phases.set(phase, (phases.get(phase) ?? 0) + 1);
  }
  const phase = mostFrequent(phases);
  const off: number[] = [];
  times.values.forEach((value, row) => {
    if ((((scale.ordinalOf(value) as number) % usual) + usual) % usual !== phase) off.push(row);
  });
  if (off.length === 0 || off.length > times.values.length / 5) return;
  throw new TsopsError(
    "PANEL_INVALID",
    `The times are ${stepText(scale, usual)} apart, but for ${off.length}: ${listed(times, off)}.`,
    {
      hint: "Correct or leave out these rows, or say the frequency with --freq.",
      details: { count: off.length, places: off.slice(0, 20).map(times.placeOf) },
    },
  );
}

/** @throws TsopsError PANEL_INVALID where a series has a time twice */
export function refuseRepeated(times: FileTimes): void {
  const { values, seriesOf, seriesNames } = times;
  if (isAscending(values)) return;
  const seen = new Map<number, Map<bigint, number>>();
  const repeated: [row: number, earlier: number][] = [];
  values.forEach((value, row) => {
    const s = seriesOf[row] as number;
    const rows = seen.get(s) ?? new Map<bigint, number>();
    seen.set(s, rows);
    const earlier = rows.get(value);
    if (earlier === undefined) rows.set(value, row);
    else repeated.push([row, earlier]);
  });
  const [first] = repeated;
  if (first === undefined) return;
  const [row, earlier] = first;
  const zone = times.isWallClock
    ? zoneOfChanges(
        repeated.map(([one]) => values[one] as bigint),
        "repeated",
      )
    : null;
  throw new TsopsError(
    "PANEL_INVALID",
    `${repeated.length} ${repeated.length === 1 ? "row repeats" : "rows repeat"} a time of the same series: ${seriesNames[seriesOf[row] as number]} has ${times.text(values[row] as bigint)} in ${times.placeOf(earlier)} and ${times.placeOf(row)}${repeated.length > 1 ? ", and more" : ""}.`,
    {
      hint:
        zone !== null
          ? `Clocks that are put back show ${repeated.length === 1 ? "this time" : "these times"} twice, as those of ${zone} do: say --zone ${zone}, or the zone of the file. Leave no row out.`
          : "If the file holds several series, name the column that tells them apart with --key; otherwise leave one of the rows out.",
      details: { count: repeated.length, places: repeated.slice(0, 20).map(([one]) => times.placeOf(one)) },
    },
  );
}

function listed(times: FileTimes, rows: readonly number[]): string {
  return listSome(
    rows.map((row) => `${times.text(times.values[row] as bigint)} in ${times.placeOf(row)}`),
    3,
  );
}

/** The frequency of a panel by scale and step. */
function frequencyOf({ kind }: Scale, step: number): string {
  if (kind === "months") return step % 12 === 0 ? `${step / 12}y` : `${step}mo`;
  if (kind === "days") return step % 7 === 0 ? `${step / 7}w` : `${step}d`;
  if (kind === "businessDays") return `${step}b`;
  // Days that are no calendar days, as those of a zone with daylight saving in UTC, are hours.
  if (kind === "fixed") return step % 86_400e6 === 0 ? `${step / 3600e6}h` : formatDuration(BigInt(step));
  return "1d";
}

function stepText(scale: Scale, step: number): string {
  if (scale.kind === "steps") return step === 1 ? "1 step" : `${step} steps`;
  return scale.kind === "businessDays" ? `${step} business days` : frequencyOf(scale, step);
}

function mostFrequent(counts: ReadonlyMap<number, number>): number {
  let [best, most] = [1, 0];
  for (const [value, count] of counts)
    if (count > most || (count === most && value < best)) [best, most] = [value, count];
  return best;
}

function divisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
