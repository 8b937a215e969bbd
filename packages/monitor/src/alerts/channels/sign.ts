import { createHmac } from "node:crypto";
import { shown, TsopsError } from "@tsops/core";

/**
 * The bytes of a secret of Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes.
 * @throws TsopsError MONITOR_INVALID that does not show the secret
 */
export function readSecret(secret: unknown): Buffer {
  const text = typeof secret === "string" ? secret.replace(/^whsec_/, "") : "";
  const key = Buffer.from(text, "base64");
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  if (isBase64 && key.length >= 24 && key.length <= 64) return key;
  const problem =
    typeof secret !== "string" ? shown(secret) : isBase64 ? `base64 of ${key.length} bytes` : "not base64";
  throw new TsopsError(
    "MONITOR_INVALID",
    `The secret of a webhook is ${problem}; it is base64 of 24 to 64 bytes.`,
    {
      hint: 'Make one with "whsec_" + randomBytes(32).toString("base64"), or write secret: null for a receiver that checks none.',
      details: { option: "secret" },
    },
  );
}

/**
 * The header `webhook-signature` of Standard Webhooks (specification 1.0.0, symmetric): for each key `v1,` and base64 of the HMAC-SHA256 of
 * `id.timestamp.body`, with spaces between.
 * @param timestamp - Seconds since 1970.
 */
export function signatureOf(keys: readonly Buffer[], id: string, timestamp: number, body: string): string {
  return keys
    .map((key) => `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`)
    .join(" ");
}
