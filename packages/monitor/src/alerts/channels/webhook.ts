import {
  abortedError,
  type CallOptions,
  type Clock,
  checkOptions,
  checkWord,
  durationMicros,
  type OutboxMessage,
  shown,
  systemClock,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import pRetry, { AbortError } from "p-retry";
import { checkTexts } from "../matcher.ts";
import type { AlertPayload } from "../payload.ts";
import type { AlertChannel } from "./channel.ts";
import { readSecret, signatureOf } from "./sign.ts";

/** Where a webhook goes, and how. */
export interface WebhookOptions {
  /** Default `"webhook"`. */
  readonly name?: string;
  /** `https://...`, or `http://` within a network that can be trusted. It is a secret too, as with Slack: errors show the host only. */
  readonly url: string;
  /** `whsec_` and base64 of 24 to 64 bytes; several while one is replaced by another; null for a receiver that checks no signature, as Slack. */
  readonly secret: string | readonly string[] | null;
  /** `full` (default) sends an `AlertPayload`; `text` only `{ "text": "..." }`, for receivers that take nothing else. */
  readonly body?: "full" | "text";
  /** Of one try. Default `"10s"`. */
  readonly timeout?: string;
  /** Tries after the first, within one attempt of the outbox, for what may pass: no answer, 408, 429, 5xx. Default 2. */
  readonly retries?: number;
  /** Before the second try, doubled for each further one. Default `"500ms"`. */
  readonly retryDelay?: string;
  /** Stamps the signature. Default: the system's clock, which is what receivers compare it with. */
  readonly clock?: Pick<Clock, "now">;
}

/** A try that failed, with whether another one may do better. */
class Refused extends Error {
  readonly isTransient: boolean;
  readonly retryAfterMs: number | null;
  constructor(reason: string, isTransient: boolean, retryAfterMs: number | null = null) {
    super(reason);
    this.isTransient = isTransient;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Posts each alert as JSON, signed as [Standard Webhooks](https://www.standardwebhooks.com) say: `webhook-id` (the same whenever it is sent again),
 * `webhook-timestamp`, `webhook-signature`. An answer of 2xx is a delivery; a redirect is none, as the signed alert would go where nobody said.
 * `send` rejects with ADAPTER_UNAVAILABLE, whose `details` have `status` and `retryAfterMs` where the server gave them; the
 * outbox keeps the message and tries again.
 * @throws TsopsError MONITOR_INVALID, DURATION_INVALID
 */
export function webhookChannel(options: WebhookOptions): AlertChannel {
  checkOptions("MONITOR_INVALID", "webhookChannel()", options, {
    name: true,
    url: true,
    secret: true,
    body: true,
    timeout: true,
    retries: true,
    retryDelay: true,
    clock: true,
  });
  const { name = "webhook", body = "full", retries = 2, clock = systemClock() } = options;
  checkTexts("name", [name]);
  checkWord("MONITOR_INVALID", "body", body, ["full", "text"]);
  if (!Number.isInteger(retries) || retries < 0)
    throw invalid("retries", `retries is ${shown(retries)}.`, "Give a whole number from 0 on.");
  const url = readUrl(options.url);
  const keys = options.secret === null ? [] : [options.secret].flat().map(readSecret);
  const timeoutMs = Number(durationMicros(options.timeout ?? "10s") / 1000n);
  const retryDelayMs = Number(durationMicros(options.retryDelay ?? "500ms") / 1000n);

  /** One try. */
  const post = async ({ id, body: whole }: OutboxMessage, signal: AbortSignal | undefined): Promise<void> => {
    const content =
      body === "full" ? whole : JSON.stringify({ text: (JSON.parse(whole) as AlertPayload).text });
    const timestamp = Number(clock.now() / 1_000_000n);
    const limit = AbortSignal.timeout(timeoutMs);
    let response: Response;
    try {
      response = await fetch(url, {
        method: "POST",
        redirect: "manual",
        headers: {
          "content-type": "application/json",
          "user-agent": "tsops",
          "webhook-id": id,
          "webhook-timestamp": String(timestamp),
          ...(keys.length === 0 ? {} : { "webhook-signature": signatureOf(keys, id, timestamp, content) }),
        },
        body: content,
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      });
      await response.body?.cancel();
    } catch (error) {
      if (signal?.aborted) throw abortedError(signal);
      throw new Refused(limit.aborted ? `no answer within ${timeoutMs} ms` : networkProblem(error), true);
    }
    const { status } = response;
    if (response.ok) return;
    if (status >= 300 && status < 400)
      throw new Refused(`HTTP ${status}, a redirect, which is not followed`, false);
    const isTransient = status === 408 || status === 429 || status >= 500;
    throw new Refused(`HTTP ${status}`, isTransient, retryAfterOf(response, clock.now()));
  };

  return {
    name,
    async send(message, { signal }: CallOptions = {}) {
      throwIfAborted(signal);
      try {
        await pRetry(
          () =>
            post(message, signal).catch((error: unknown) => {
              // A server that says when to come again is not asked before.
              const again = error instanceof Refused && error.isTransient && error.retryAfterMs === null;
              throw again ? error : new AbortError(error as Error);
            }),
          { retries, minTimeout: retryDelayMs, randomize: true, ...(signal === undefined ? {} : { signal }) },
        );
      } catch (error) {
        if (TsopsError.is(error)) throw error;
        if (signal?.aborted) throw abortedError(signal);
        if (!(error instanceof Refused)) throw error;
        throw new TsopsError(
          "ADAPTER_UNAVAILABLE",
          `The webhook "${name}" at ${url.origin} did not take the message: ${error.message}.`,
          {
            hint: "The outbox tries again; look at the receiver, its address and its secret when it goes on.",
            details: error.retryAfterMs === null ? {} : { retryAfterMs: error.retryAfterMs },
          },
        );
      }
    },
  };
}

/** @throws TsopsError MONITOR_INVALID that shows no more of it than its host */
function readUrl(text: unknown): URL {
  const url = typeof text === "string" && URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalid("url", "The url of a webhook is no http or https URL.", 'Write url: "https://...".');
  if (url.username !== "" || url.password !== "")
    throw invalid(
      "url",
      `The url of the webhook at ${url.host} has a user or a password in it.`,
      "Leave them out; the receiver knows the sender by the signature.",
    );
  return url;
}

/** What the network said: the code, as messages may hold the whole URL. */
function networkProblem(error: unknown): string {
  const cause = (error as { readonly cause?: { readonly code?: unknown } }).cause;
  return typeof cause?.code === "string" ? cause.code : "no connection";
}

/** Null when the server does not say, or in a way that is none. */
function retryAfterOf(response: Response, now: bigint): number | null {
  const text = response.headers.get("retry-after");
  if (text === null) return null;
  const wait = /^\d+$/.test(text) ? 1000 * Number(text) : Date.parse(text) - Number(now / 1000n);
  return Number.isFinite(wait) && wait > 0 ? wait : null;
}

function invalid(option: string, message: string, hint: string): TsopsError {
  return new TsopsError("MONITOR_INVALID", message, { hint, details: { option } });
}
