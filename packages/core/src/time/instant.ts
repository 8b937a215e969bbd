import { TsopsError, type TsopsErrorCode } from "../errors.ts";
import { civilFromDays, packedDay, packedMonth, packedYear } from "./civil.ts";
import { type IsoText, parseIsoText } from "./iso-text.ts";
import { resolveLocal } from "./local.ts";
import { maxInstantSeconds, resolveZone, type Zone } from "./zone.ts";

/** What `Temporal.Instant` and `Temporal.ZonedDateTime` (native or polyfilled) have in common. */
export interface TemporalInstantLike {
  readonly epochNanoseconds: bigint;
}

/**
 * An instant as users give it: a `Date`, `bigint` microseconds since 1970 UTC, ISO 8601 text with an offset (or without
 * one where a zone is declared), or a `Temporal.Instant`.
 */
export type InstantInput = Date | bigint | string | TemporalInstantLike;

/**
 * What to do with a wall-clock time that occurs twice (clocks go back) or never (clocks go forward). `earlier` and
 * `later` pick the first or second occurrence; a skipped time is read with the offset after (`earlier`) or before
 * (`later`) the change. `reject` is the default: nothing is guessed.
 */
export type Disambiguation = "earlier" | "later" | "reject";

/** How to read text without an offset. */
export interface InstantOptions {
  /** IANA zone or offset of zone-less text. Without it such text is an error. */
  readonly zone?: string;
  readonly disambiguation?: Disambiguation;
}

/** Why an input is not an instant. */
export interface InstantProblem {
  readonly code: Extract<TsopsErrorCode, "TIME_INVALID" | "TIME_ZONE_MISSING">;
  readonly message: string;
  readonly hint: string;
}

const maxMicros = BigInt(maxInstantSeconds) * 1_000_000n;

/**
 * Reads an instant as microseconds since 1970 UTC. Nothing is rounded or guessed: digits below a microsecond, wall-clock
 * times that occur twice or never, and instants outside years -271821 .. 275760 are errors. Text may end in a zone in
 * brackets (`...[Europe/Berlin]`) and, where clocks go back, in `#0` (first occurrence) or `#1` (second).
 * @throws TsopsError TIME_INVALID, TIME_ZONE_MISSING
 * @example
 * toMicros("1970-01-01T00:00:01Z"); //=> 1000000n
 * toMicros("2011-01-01 05:00", { zone: "-05:00" }); //=> 1293876000000000n
 */
export function toMicros(input: InstantInput, options: InstantOptions = {}): bigint {
  const zone = options.zone === undefined ? null : resolveZone(options.zone);
  const found = readMicros(input, zone, options.disambiguation ?? "reject");
  if (typeof found === "bigint") return found;
  throw new TsopsError(found.code, found.message, { hint: found.hint });
}

/** `toMicros` for loops: gives back a problem instead of throwing, and takes a resolved zone. */
export function readMicros(
  input: unknown,
  zone: Zone | null,
  disambiguation: Disambiguation,
): bigint | InstantProblem {
  if (typeof input === "string") return readText(input, zone, disambiguation);
  if (typeof input === "bigint")
    return input >= -maxMicros && input <= maxMicros ? input : outOfRange(`${input} µs`);
  if (input instanceof Date) {
    const ms = input.getTime();
    return Number.isNaN(ms)
      ? invalid("The Date is invalid.", "Check how the Date was made: its time is NaN.")
      : BigInt(ms) * 1000n;
  }
  if (typeof input === "object" && input !== null && "epochNanoseconds" in input) {
    const nanos = input.epochNanoseconds;
    if (typeof nanos === "bigint") {
      if (nanos % 1000n !== 0n) return tooFine(`${nanos} ns`);
      return readMicros(nanos / 1000n, zone, disambiguation);
    }
  }
  if (typeof input === "number")
    return invalid(
      `The number ${input} does not say its unit.`,
      "Pass `new Date(milliseconds)` or a bigint of microseconds.",
    );
  return invalid(
    `Expected an instant, got ${input === null ? "null" : typeof input}.`,
    "Pass a Date, a bigint of microseconds, ISO 8601 text with an offset, or a Temporal.Instant.",
  );
}

function readText(text: string, declared: Zone | null, mode: Disambiguation): bigint | InstantProblem {
  const iso = parseIsoText(text);
  if (typeof iso === "string")
    return iso.startsWith("is finer")
      ? tooFine(JSON.stringify(text))
      : invalid(`${quote(text)} ${iso}.`, "Write instants as 2012-03-04T05:06:07.890123Z.");
  const { offset, micros } = iso;
  if (offset !== null && iso.zone === null && iso.fold === null)
    return combine(iso.localSeconds - offset, micros, text);
  const seconds = readLocal(text, iso, declared, mode);
  return typeof seconds === "number" ? combine(seconds, micros, text) : seconds;
}

function readLocal(
  text: string,
  iso: IsoText,
  declared: Zone | null,
  mode: Disambiguation,
): number | InstantProblem {
  const { localSeconds, offset, isUtc, fold } = iso;
  let zone = declared;
  if (iso.zone !== null) {
    try {
      zone = resolveZone(iso.zone);
    } catch {
      return invalid(
        `${quote(text)} names the zone ${JSON.stringify(iso.zone)}, which does not exist.`,
        'Use an IANA name such as "Europe/Berlin".',
      );
    }
  }
  if (Math.abs(localSeconds) > maxInstantSeconds + 86_400) return outOfRange(JSON.stringify(text));
  if (offset !== null) {
    if (fold !== null)
      return invalid(`${quote(text)} has both an offset and #${fold}.`, "Leave one of the two out.");
    const seconds = localSeconds - offset;
    if (!isUtc && zone !== null && zone.periodAt(seconds).offset !== offset)
      return invalid(
        `${quote(text)} has an offset that ${zone.id} does not have at that instant.`,
        "Leave the offset or the zone out, whichever is wrong.",
      );
    return seconds;
  }
  if (zone === null)
    return {
      code: "TIME_ZONE_MISSING",
      message: `${quote(text)} has neither an offset nor a declared zone, so it is not an instant.`,
      hint: 'Add an offset ("Z", "-05:00"), or declare the zone of the data, e.g. timestamp({ zone: "-05:00" }).',
    };
  const found = resolveLocal(zone, localSeconds);
  if (found.kind === "unique") {
    if (fold !== 1) return found.earlier;
    return invalid(
      `${quote(text)} asks for the second occurrence, but ${zone.id} has this time once.`,
      "Leave #1 out.",
    );
  }
  if (found.kind === "repeated" && fold !== null) return fold === 0 ? found.earlier : found.later;
  if (mode !== "reject") return found[mode];
  return found.kind === "repeated"
    ? invalid(
        `${quote(text)} happens twice in ${zone.id}, as clocks go back.`,
        'Add an offset, end the text in #0 (first) or #1 (second), or set disambiguation to "earlier" or "later".',
      )
    : invalid(
        `${quote(text)} does not exist in ${zone.id}, as clocks go forward.`,
        'Correct the time, declare a fixed offset if the data has no daylight saving, or set disambiguation to "earlier" or "later".',
      );
}

function combine(seconds: number, micros: number, text: string): bigint | InstantProblem {
  if (seconds > -9_000_000_000 && seconds < 9_000_000_000) return BigInt(seconds * 1_000_000 + micros);
  const total = BigInt(seconds) * 1_000_000n + BigInt(micros);
  return total >= -maxMicros && total <= maxMicros ? total : outOfRange(JSON.stringify(text));
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function invalid(message: string, hint: string): InstantProblem {
  return { code: "TIME_INVALID", message, hint };
}

function tooFine(what: string): InstantProblem {
  return invalid(
    `${what} is finer than a microsecond, and tsops keeps microseconds.`,
    "Cut or round it yourself, so that it is your decision.",
  );
}

function outOfRange(what: string): InstantProblem {
  return invalid(
    `${what} lies outside the years -271821 .. 275760.`,
    "Check the unit: tsops counts microseconds since 1970.",
  );
}

/** Whole seconds (rounded down) of an instant in microseconds. */
export function secondsOf(micros: bigint): number {
  const approximate = Number(micros);
  if (Math.abs(approximate) <= Number.MAX_SAFE_INTEGER) return Math.floor(approximate / 1_000_000);
  const quotient = micros / 1_000_000n;
  return Number(micros < 0n && quotient * 1_000_000n !== micros ? quotient - 1n : quotient);
}

/** Refuses instants that Date and Temporal cannot tell. */
export function assertInstant(micros: bigint): void {
  if (micros < -maxMicros || micros > maxMicros) {
    const problem = outOfRange(`${micros} µs`);
    throw new TsopsError(problem.code, problem.message, { hint: problem.hint });
  }
}

/**
 * The `Date` of an instant.
 * @throws TsopsError TIME_INVALID when a Date would cut it (it has microseconds) or cannot hold it.
 */
export function toDate(micros: bigint): Date {
  assertInstant(micros);
  if (micros % 1000n !== 0n)
    throw new TsopsError(
      "TIME_INVALID",
      `${formatInstant(micros)} has microseconds, which a Date would cut.`,
      {
        hint: "Keep the bigint, or round it yourself.",
      },
    );
  return new Date(Number(micros / 1000n));
}

/**
 * ISO 8601 text of an instant: `...Z` by default, else local time with its offset and, for IANA zones, the zone in
 * brackets. The fraction has 0, 3 or 6 digits. `toMicros` reads every form back.
 * @throws TsopsError TIME_INVALID for an unknown zone or an instant outside years -271821 .. 275760.
 * @example formatInstant(0n, { zone: "Europe/Berlin" }); //=> "1970-01-01T01:00:00+01:00[Europe/Berlin]"
 */
export function formatInstant(micros: bigint, options: { readonly zone?: string } = {}): string {
  assertInstant(micros);
  const seconds = secondsOf(micros);
  const fraction = Number(micros - BigInt(seconds) * 1_000_000n);
  if (options.zone === undefined) return `${formatLocal(seconds, fraction)}Z`;
  const zone = resolveZone(options.zone);
  const { offset } = zone.periodAt(seconds);
  const local = formatLocal(seconds + offset, fraction);
  if (zone.id === "UTC") return `${local}Z`;
  return `${local}${formatOffset(offset)}${zone.fixedOffset === null ? `[${zone.id}]` : ""}`;
}

function formatLocal(localSeconds: number, micros: number): string {
  const days = Math.floor(localSeconds / 86_400);
  const rest = localSeconds - days * 86_400;
  const date = civilFromDays(days);
  const year = packedYear(date);
  const yearText =
    year >= 0 && year <= 9999 ? pad(year, 4) : `${year < 0 ? "-" : "+"}${pad(Math.abs(year), 6)}`;
  const time = `${pad(Math.floor(rest / 3600), 2)}:${pad(Math.floor(rest / 60) % 60, 2)}:${pad(rest % 60, 2)}`;
  const fraction =
    micros === 0 ? "" : micros % 1000 === 0 ? `.${pad(micros / 1000, 3)}` : `.${pad(micros, 6)}`;
  return `${yearText}-${pad(packedMonth(date), 2)}-${pad(packedDay(date), 2)}T${time}${fraction}`;
}

function formatOffset(offset: number): string {
  const size = Math.abs(offset);
  const seconds = size % 60;
  const text = `${offset < 0 ? "-" : "+"}${pad(Math.floor(size / 3600), 2)}:${pad(Math.floor(size / 60) % 60, 2)}`;
  return seconds === 0 ? text : `${text}:${pad(seconds, 2)}`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
