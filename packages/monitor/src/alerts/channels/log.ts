import { checkMethods, checkOptions } from "@tsops/core";
import type { AlertPayload } from "../payload.ts";
import { callbackChannel } from "./callback.ts";
import type { AlertChannel } from "./channel.ts";

/**
 * Writes a line for each alert: its time, its severity, what it says.
 * @param options.name - Default `"log"`.
 * @param options.write - Takes a line without its end, and the alert. Default: to stderr.
 * @throws TsopsError MONITOR_INVALID
 */
export function logChannel(
  options: { readonly name?: string; readonly write?: (line: string, alert: AlertPayload) => void } = {},
): AlertChannel {
  checkOptions("MONITOR_INVALID", "logChannel()", options, { name: true, write: true });
  const { name = "log", write = (line: string) => void process.stderr.write(`${line}\n`) } = options;
  checkMethods("MONITOR_INVALID", "logChannel()", { write }, ["write"], "Give a function as write.");
  return callbackChannel({
    name,
    call: (alert) => write(`${alert.timestamp} ${alert.data.severity} ${alert.text}`, alert),
  });
}
