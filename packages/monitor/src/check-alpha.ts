import { shown, TsopsError } from "@tsops/core";

/**
 * Refuses a rate of false alarms that is no probability between 0 and 1.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkAlpha(alpha: unknown): void {
  if (typeof alpha === "number" && alpha > 0 && alpha < 1) return;
  throw new TsopsError("MONITOR_INVALID", `alpha is ${shown(alpha)}, it must lie between 0 and 1.`, {
    hint: "Write 0.05 for one false alarm in twenty.",
    details: { option: "alpha" },
  });
}
