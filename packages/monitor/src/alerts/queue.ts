import { type CallOptions, checkList, checkOptions, type Outbox, TsopsError } from "@tsops/core";
import { checkEachMade } from "../check-made.ts";
import type { AlertChannel } from "./channels/channel.ts";
import { checkTexts } from "./matcher.ts";
import { alertMessage } from "./payload.ts";
import type { AlertRecord } from "./record.ts";

/**
 * Puts what is for people (`alert` and `resolved`) into the outbox, once for each channel of its rule; resolves when it is durable. Call it before the
 * new state is saved: when the program dies between the two, the same records come again, with the same ids, and change nothing.
 * `channels` are channels or their names; a rule that names none of them goes to all.
 * @returns How many messages were new.
 * @throws TsopsError STORE_FULL when too many wait, MONITOR_INVALID without a channel
 */
export async function queueAlerts(
  alerts: readonly AlertRecord[],
  options: {
    readonly outbox: Pick<Outbox, "put">;
    readonly channels: readonly (string | Pick<AlertChannel, "name">)[];
  } & CallOptions,
): Promise<number> {
  checkEachMade("queueAlerts()", "alerts of evaluateAlerts()", alerts, {
    verdict: "text",
    evidence: "object",
  });
  checkOptions("MONITOR_INVALID", "queueAlerts()", options, { outbox: true, channels: true, signal: true });
  checkList("MONITOR_INVALID", "channels", options.channels);
  const names = options.channels.map((channel) => (typeof channel === "string" ? channel : channel?.name));
  checkTexts("channels", names);
  if (names.length === 0)
    throw new TsopsError("MONITOR_INVALID", "There is no channel: nobody would be told.", {
      hint: "Give at least one, logChannel() for example.",
    });
  const messages = alerts
    .filter(({ verdict }) => verdict === "alert" || verdict === "resolved")
    .flatMap((alert) => {
      const wanted = alert.evidence.rule?.channels ?? [];
      const found = names.filter((name) => wanted.includes(name));
      // An alert that names only channels which are not there must not vanish.
      return (found.length === 0 ? names : found).map((name) => alertMessage(alert, name));
    });
  if (messages.length === 0) return 0;
  return options.outbox.put(messages, { signal: options.signal });
}
