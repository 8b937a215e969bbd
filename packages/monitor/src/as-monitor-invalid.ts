import { TsopsError } from "@tsops/core";

/** Does work of core whose errors are about an option of monitor: callers have one code to ask for. */
export function asMonitorInvalid<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!TsopsError.is(cause) || cause.code === "MONITOR_INVALID") throw cause;
    const { message, hint, details } = cause;
    throw new TsopsError("MONITOR_INVALID", message, {
      details,
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
