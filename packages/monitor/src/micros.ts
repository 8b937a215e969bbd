import { shown, TsopsError } from "@tsops/core";

/**
 * Refuses an instant that is no bigint, as untyped callers give one.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkMicros(name: string, value: unknown): void {
  if (typeof value === "bigint") return;
  throw new TsopsError(
    "MONITOR_INVALID",
    `${name} is ${shown(value)}; microseconds UTC as bigint are needed.`,
    {
      hint: `Write ${name}: toMicros(...), which takes dates and texts.`,
      details: { option: name },
    },
  );
}
