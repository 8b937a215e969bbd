import {
  type BinaryArray,
  type BinaryContents,
  readBinary,
  shown,
  TsopsError,
  writeBinary,
} from "@tsops/core";

/** A detector of single numbers that starts anew after each alarm. */
export interface RawDetector {
  /** Takes a number. @returns Whether it alarms now. @throws TsopsError MONITOR_INVALID for NaN and infinities. */
  update(value: number): boolean;
  /** What is compared with the threshold, after the last value. */
  readonly statistic: number;
  /** Its settings and all of its state; `loadCusum` or `loadPageHinkley` goes on from there as if nothing had happened. */
  save(): Uint8Array;
}

/** Refuses settings that are not finite numbers of at least 0. */
export function checkNumbers(name: string, numbers: Readonly<Record<string, unknown>>): void {
  for (const [option, value] of Object.entries(numbers))
    if (!(typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY))
      throw new TsopsError("MONITOR_INVALID", `${option} of ${name} is ${shown(value)}.`, {
        hint: "Give a finite number of at least 0.",
      });
}

/** Refuses what a running mean would never recover from. */
export function checkValue(value: number): void {
  if (!Number.isFinite(value))
    throw new TsopsError("MONITOR_INVALID", `A detector of single numbers was given ${shown(value)}.`, {
      hint: "Leave missing values out, or use streamingDrift(), which knows of gaps.",
    });
}

/** What kind of detector saved bytes are of. */
type Kind = "cusum" | "page-hinkley" | "adwin";

const version = 1;

/** A detector's settings and numbers, bit by bit. */
export function writeDetector(
  kind: Kind,
  settings: Readonly<Record<string, number | string>>,
  numbers: Readonly<Record<string, BinaryArray>>,
): Uint8Array {
  return writeBinary(kind, version, settings, numbers);
}

/** What `writeDetector` wrote. @throws TsopsError MODEL_FORMAT_INVALID when the bytes are foreign or damaged. */
export function readDetector(bytes: Uint8Array, kind: Kind): BinaryContents {
  return readBinary(bytes, kind, version);
}

/** Refuses numbers that no detector could have saved. */
export function checkSaved(isPossible: boolean, kind: Kind): void {
  if (!isPossible)
    throw new TsopsError(
      "MODEL_FORMAT_INVALID",
      `The saved numbers of this "${kind}" contradict each other.`,
      {
        hint: "Pass the bytes exactly as save() returned them.",
      },
    );
}
