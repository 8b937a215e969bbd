import { type ColumnKind, formatDuration, toMicros } from "@tsops/core";
import type { Json } from "./case-file.ts";

/** A case that this runner does not run; the message is the reason. */
export class Skipped extends Error {}

/** A value with its kind as cases mean it: a plain number and a 64-bit integer are different kinds. */
export type CaseKind = "number" | "integer" | "text" | "boolean" | "null";

const doubles: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0.0": -0,
};

/** Kind of a value. */
export function kindOf(value: Json | undefined): CaseKind {
  if (value === null || value === undefined) return "null";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "number" || Object.hasOwn(doubles, value)) return "number";
  return /^bigint:-?\d+$/.test(value) ? "integer" : "text";
}

/** A feature value as the column kind holds it. */
export function parseValue(value: Json | undefined): number | bigint | string | boolean | null {
  if (value === null || value === undefined || typeof value !== "string") return value ?? null;
  if (Object.hasOwn(doubles, value)) return doubles[value] as number;
  return kindOf(value) === "integer" ? BigInt(value.slice("bigint:".length)) : value;
}

/** Column kind of feature values. @throws Skipped when one column mixes kinds. */
export function columnKind(values: readonly (Json | undefined)[], label: string): ColumnKind {
  const kinds = new Set(values.map(kindOf));
  kinds.delete("null");
  // Text that reads like a special double stays text among other texts.
  if (kinds.has("text") && kinds.has("number") && values.every((value) => typeof value !== "number"))
    kinds.delete("number");
  if (kinds.size > 1)
    throw new Skipped(`${label} mixes ${[...kinds].join(" and ")}, and columns have one type`);
  const [kind] = kinds;
  return kind === "integer" ? "int64" : kind === "text" ? "utf8" : kind === "boolean" ? "bool" : "float64";
}

/** Microseconds of a time; zone-less ones are read in `zone`, the first of two occurrences unless they end in #1. */
export function parseTime(value: Json | undefined, zone: string | undefined): bigint | null {
  if (value === null || value === undefined) return null;
  const text = String(value).replace(/(\.\d{6})0+(?=\D|$)/, "$1");
  if (/\.\d{7,}/.test(text)) throw new Skipped("nanoseconds");
  const isLocal = !/(Z|[+-]\d\d(:?\d\d)?|#[01])$/i.test(text.replace(/^[+-]?\d{4,6}-\d\d-\d\d/, ""));
  return toMicros(isLocal && zone !== undefined ? `${text}#0` : text, {
    ...(zone === undefined ? {} : { zone }),
    disambiguation: "later",
  });
}

const nanosByUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
};

/** Nanoseconds of a duration. */
export function parseNanos(text: string): bigint {
  const match = /^(\d+)(ns|us|ms|s|m|h|d)$/.exec(text);
  if (match === null) throw new Error(`${JSON.stringify(text)} is not a duration.`);
  return BigInt(match[1] as string) * (nanosByUnit[match[2] as string] as bigint);
}

const longestMicros = 2n ** 63n - 1n;

/**
 * Durations in whole microseconds that mean the same as nanoseconds between times of whole microseconds: an age is at most
 * 1500 ns exactly if it is at most 1 us, at least 1500 ns exactly if it is at least 2 us, more if it is more than 1 us.
 * @throws Skipped when it is longer than 64 bits of microseconds can tell.
 */
export function exactMicros(nanos: bigint, bound: "at most" | "at least" | "more than"): string {
  const micros = bound === "at least" ? (nanos + 999n) / 1000n : nanos / 1000n;
  if (micros > longestMicros)
    throw new Skipped(`a duration of ${nanos} ns is beyond 64 bits of microseconds`);
  return formatDuration(micros);
}
