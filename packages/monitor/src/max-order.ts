import { shown, TsopsError } from "@tsops/core";

/**
 * Refuses an order of autoregressions that is no whole number from 1 on.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkMaxOrder(maxOrder: unknown): void {
  if (Number.isInteger(maxOrder) && (maxOrder as number) >= 1) return;
  throw new TsopsError(
    "MONITOR_INVALID",
    `maxOrder is ${shown(maxOrder)}, it must be a whole number from 1 on.`,
    { hint: "8 is the default; what repeats belongs into season.", details: { option: "maxOrder" } },
  );
}
