import { shown, TsopsError } from "@tsops/core";

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
