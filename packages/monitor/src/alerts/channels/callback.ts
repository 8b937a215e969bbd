import { type CallOptions, checkMethods, checkOptions } from "@tsops/core";
import { checkTexts } from "../matcher.ts";
import type { AlertPayload } from "../payload.ts";
import type { AlertChannel } from "./channel.ts";

/**
 * Hands each alert to a function of the app: a mail, a ticket, a page of its own. What it throws counts as not delivered, and the alert comes
 * again; tell repetitions by `alert.data.id`.
 * @param options.name - Default `"callback"`.
 * @throws TsopsError MONITOR_INVALID
 */
export function callbackChannel(options: {
  readonly name?: string;
  readonly call: (alert: AlertPayload, options: CallOptions) => void | Promise<void>;
}): AlertChannel {
  checkOptions("MONITOR_INVALID", "callbackChannel()", options, { name: true, call: true });
  checkMethods("MONITOR_INVALID", "callbackChannel()", options, ["call"], "Give a function as call.");
  const { name = "callback", call } = options;
  checkTexts("name", [name]);
  return {
    name,
    send: async ({ body }, given = {}) => call(JSON.parse(body) as AlertPayload, given),
  };
}
