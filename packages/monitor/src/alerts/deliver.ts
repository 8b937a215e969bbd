import { randomUUID } from "node:crypto";
import {
  type CallOptions,
  type Clock,
  checkList,
  checkMethods,
  checkOptions,
  type DecisionLog,
  decisionRecord,
  durationMicros,
  type Outbox,
  type OutboxEntry,
  shown,
  subtractDuration,
  systemClock,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import type { AlertChannel } from "./channels/channel.ts";
import { checkTexts } from "./matcher.ts";
import type { AlertPayload } from "./payload.ts";

/** What is delivered, by what, and how long it is tried. */
export interface DeliverOptions extends CallOptions {
  readonly outbox: Outbox;
  readonly channels: readonly AlertChannel[];
  /** Is told of what is given up: a record with the verdict `undelivered`. */
  readonly decisions?: Pick<DecisionLog, "append">;
  /** Attempts before a message is parked. Default 20: with the waits below about a day and a half. */
  readonly attempts?: number;
  /** Wait after the first attempt that failed, doubled after each further one. Default `"30s"`. */
  readonly delay?: string;
  /** Longest wait. Default `"3h"`. */
  readonly maxDelay?: string;
  /** How long a channel may take for a message before it counts as failed. Default `"1m"`. */
  readonly timeout?: string;
  /** Messages on their way at once. Default 4. */
  readonly concurrency?: number;
  /** How long delivered and parked messages are kept; for so long the same id is not sent again. Default `"30d"`. */
  readonly keep?: string;
  /** Default: the system's. */
  readonly clock?: Pick<Clock, "now">;
}

/** What one pass did. */
export interface Delivered {
  readonly delivered: number;
  /** Attempts that failed and will be made again. */
  readonly failed: number;
  /** Messages that were given up: `outbox.list({ status: "parked" })` has them. */
  readonly parked: number;
  /** Messages that wait for channels which this call was not given, by the channels' names: unless another process has them, nobody sends these. */
  readonly unattended: Readonly<Record<string, number>>;
}

/**
 * Sends what is due in the outbox, once over, and resolves when nothing more is. Call it every minute or so, from a pipeline or a timer;
 * several processes may. At least once: a message is taken under a lease, settled when its channel has taken it, and comes again when the
 * process dies in between; receivers tell repetitions by its id. Messages of a group stay in order, and one that fails holds up those behind it
 * until it is parked.
 * @throws TsopsError MONITOR_INVALID, DURATION_INVALID, ABORTED, and what the outbox and the decision log throw. What channels throw is no error of
 *   this call: it is kept with the message.
 */
export async function deliverAlerts(options: DeliverOptions): Promise<Delivered> {
  const settings = readOptions(options);
  const { outbox, channels, clock, concurrency, leaseMicros, signal } = settings;
  const owner = randomUUID();
  const names = [...channels.keys()];
  const total = { delivered: 0, failed: 0, parked: 0 };
  for (;;) {
    throwIfAborted(signal);
    const now = clock.now();
    const batch = await outbox.claim({
      owner,
      now,
      leaseUntil: now + leaseMicros,
      channels: names,
      limit: concurrency,
      signal,
    });
    if (batch.length === 0) break;
    for (const outcome of await Promise.all(batch.map((entry) => deliver(entry, owner, settings))))
      total[outcome]++;
  }
  await outbox.prune(subtractDuration(clock.now(), settings.keep), { signal });
  const unattended = new Map<string, number>();
  for (const { channel } of await outbox.list({ status: "waiting", signal }))
    if (!channels.has(channel)) unattended.set(channel, (unattended.get(channel) ?? 0) + 1);
  return { ...total, unattended: Object.fromEntries(unattended) };
}

type Settings = ReturnType<typeof readOptions>;

function readOptions(options: DeliverOptions) {
  checkOptions("MONITOR_INVALID", "deliverAlerts()", options, {
    outbox: true,
    channels: true,
    decisions: true,
    attempts: true,
    delay: true,
    maxDelay: true,
    timeout: true,
    concurrency: true,
    keep: true,
    clock: true,
    signal: true,
  });
  const { attempts = 20, concurrency = 4, keep = "30d" } = options;
  checkMethods(
    "MONITOR_INVALID",
    "The outbox of deliverAlerts()",
    options.outbox,
    ["claim", "delivered", "failed", "prune", "list"],
    "Give home.outbox.",
  );
  checkList("MONITOR_INVALID", "channels", options.channels);
  for (const channel of options.channels)
    checkMethods(
      "MONITOR_INVALID",
      "A channel",
      channel,
      ["send"],
      "Make it with webhookChannel() or the like.",
    );
  checkTexts(
    "The names of the channels",
    options.channels.map(({ name }) => name),
  );
  const channels = new Map(options.channels.map((channel) => [channel.name, channel]));
  if (channels.size < options.channels.length)
    throw new TsopsError("MONITOR_INVALID", "Two channels have the same name.", {
      hint: `They are ${options.channels.map(({ name }) => name).join(", ")}: give one of them another name.`,
    });
  for (const [name, value] of Object.entries({ attempts, concurrency }))
    if (!Number.isInteger(value) || value < 1)
      throw new TsopsError("MONITOR_INVALID", `${name} is ${shown(value)}.`, {
        hint: "Give a whole number from 1 on.",
        details: { option: name },
      });
  const timeoutMicros = durationMicros(options.timeout ?? "1m");
  return {
    outbox: options.outbox,
    channels,
    decisions: options.decisions ?? null,
    attempts,
    delayMicros: Number(durationMicros(options.delay ?? "30s")),
    maxDelayMicros: Number(durationMicros(options.maxDelay ?? "3h")),
    timeoutMs: Number(timeoutMicros / 1000n),
    // Longer than any send may take, so that nobody else takes what is on its way.
    leaseMicros: 2n * timeoutMicros + 10_000_000n,
    concurrency,
    keep,
    clock: options.clock ?? systemClock(),
    signal: options.signal,
  };
}

/** One attempt of one message. */
async function deliver(
  entry: OutboxEntry,
  owner: string,
  settings: Settings,
): Promise<"delivered" | "failed" | "parked"> {
  const { outbox, channels, clock, attempts, timeoutMs, signal } = settings;
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    const sending = channels.get(entry.channel)?.send(entry, {
      signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
    });
    await Promise.race([sending, rejectsAt(limit)]);
  } catch (cause) {
    const now = clock.now();
    if (signal?.aborted) {
      // Not the message's fault: whoever comes next may send it at once.
      await outbox.failed(entry, { owner, now, nextAttemptAt: now, error: "stopped" });
      throw cause;
    }
    const error = limit.aborted ? `not done within ${timeoutMs} ms` : messageOf(cause);
    const isLast = entry.attempts >= attempts;
    if (isLast) await settings.decisions?.append(undelivered(entry, error, now));
    const nextAttemptAt = isLast ? null : now + waitAfter(entry.attempts, cause, settings);
    await outbox.failed(entry, { owner, now, nextAttemptAt, error });
    return isLast ? "parked" : "failed";
  }
  // Without the signal: what has arrived must not be sent again.
  await outbox.delivered(entry, clock.now());
  return "delivered";
}

/** For channels that do not listen to their signal. */
function rejectsAt(limit: AbortSignal): Promise<never> {
  return new Promise((_, reject) =>
    limit.addEventListener("abort", () => reject(limit.reason), { once: true }),
  );
}

/** Doubled from attempt to attempt; what the server asks for counts when it is longer. */
function waitAfter(attempt: number, error: unknown, { delayMicros, maxDelayMicros }: Settings): bigint {
  const asked = TsopsError.is(error) ? error.details["retryAfterMs"] : undefined;
  const wait = Math.max(delayMicros * 2 ** (attempt - 1), typeof asked === "number" ? 1000 * asked : 0);
  return BigInt(Math.round(Math.min(wait, maxDelayMicros)));
}

function undelivered({ id, channel, attempts, body }: OutboxEntry, error: string, now: bigint) {
  return decisionRecord({
    kind: "alert",
    subject: subjectOf(body) ?? channel,
    time: now,
    verdict: "undelivered",
    reason: `The alert ${id} was given up for the channel ${channel} after ${attempts} attempts: ${error}.`,
    requestedBy: "deliverAlerts",
    evidence: { alert: id, channel, attempts, error },
  });
}

/** Null when the body is of another sender. */
function subjectOf(body: string): string | null {
  try {
    const subject: unknown = (JSON.parse(body) as Partial<AlertPayload>).data?.subject;
    return typeof subject === "string" ? subject : null;
  } catch {
    return null;
  }
}

function messageOf(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, "").slice(0, 500);
}
