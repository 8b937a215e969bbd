import type { OutboxMessage } from "@tsops/core";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../test/without-types.ts";
import { readSecret, signatureOf } from "../src/alerts/channels/sign.ts";
import { callbackChannel, logChannel, webhookChannel } from "../src/index.ts";
import { type Answer, type Received, webhookReceiver } from "./webhook-receiver.ts";

const secret = `whsec_${Buffer.alloc(32, "secret of the tests ").toString("base64")}`;
const other = `whsec_${Buffer.alloc(24, "another one").toString("base64")}`;
const message: OutboxMessage = {
  id: "alert-1",
  channel: "webhook",
  group: "a",
  body: JSON.stringify({
    type: "alert.raised",
    timestamp: "2026-01-05T00:00:00Z",
    text: "⚠️ temp drifts – ü",
    data: { id: "alert-1", severity: "warning" },
  }),
  createdAt: 1n,
};

/** Sends a message to a receiver that answers so. */
async function sent(
  options: object,
  answer?: (received: Received, count: number) => Answer,
): Promise<{
  received: readonly Received[];
  error: { message: string; code: string; details: object } | null;
}> {
  const receiver = await webhookReceiver(answer);
  try {
    const channel = webhookChannel({ url: receiver.url, secret, retryDelay: "1ms", ...options });
    const error = await channel.send(message).then(
      () => null,
      (cause: unknown) => cause as never,
    );
    return { received: receiver.received, error };
  } finally {
    await receiver.close();
  }
}

describe("webhookChannel", () => {
  it("signs as Standard Webhooks' own library does, with the example of the specification", () => {
    const key = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const [id, at, body] = ["msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}'] as const;
    expect(signatureOf([readSecret(key)], id, at, body)).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
    for (const [given, text] of [
      [key, body],
      [secret, message.body],
      [other, ""],
    ] as const)
      expect(signatureOf([readSecret(given)], id, at, text)).toBe(
        new Webhook(given).sign(id, new Date(1000 * at), text),
      );
  });

  it("sends what a receiver with the secret, old or new, can verify", async () => {
    const { received, error } = await sent({ secret: [secret, other] });
    expect(error).toBeNull();
    const [{ body, headers, id }] = received as [Received];
    expect(id).toBe(message.id);
    for (const one of [secret, other])
      expect(new Webhook(one).verify(body, headers as Record<string, string>)).toEqual(
        JSON.parse(message.body),
      );
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow();
  });

  it("sends a text alone where asked, unsigned without a secret: what Slack takes", async () => {
    const { received } = await sent({ secret: null, body: "text" });
    expect(received[0]?.body).toBe('{"text":"⚠️ temp drifts – ü"}');
    expect(received[0]?.headers["webhook-signature"]).toBeUndefined();
  });

  it("tries again what may pass, with the same id, and no more often than it was told", async () => {
    const recovering = await sent({}, (_, count) => ({ status: count < 3 ? 503 : 204 }));
    expect(recovering.error).toBeNull();
    expect(recovering.received.map(({ id }) => id)).toEqual(["alert-1", "alert-1", "alert-1"]);
    const failing = await sent({ retries: 1 }, () => ({ status: 500 }));
    expect(failing.received).toHaveLength(2);
    expect(failing.error?.message).toMatch(
      /^The webhook "webhook" at http:\/\/127.0.0.1:\d+ did not take the message: HTTP 500\.$/,
    );
  });

  it("does not try again at once what will not pass, nor before it is asked to", async () => {
    const wrong = await sent({}, () => ({ status: 401 }));
    expect([wrong.received.length, wrong.error?.code]).toEqual([1, "ADAPTER_UNAVAILABLE"]);
    const busy = await sent({}, () => ({ status: 429, headers: { "retry-after": "120" } }));
    expect([busy.received.length, busy.error?.details]).toEqual([1, { retryAfterMs: 120_000 }]);
  });

  it("follows no redirect", async () => {
    const elsewhere = await webhookReceiver();
    const { received, error } = await sent({}, () => ({ status: 307, headers: { location: elsewhere.url } }));
    expect([received.length, elsewhere.received.length]).toEqual([1, 0]);
    expect(error?.message).toContain("a redirect, which is not followed");
    await elsewhere.close();
  });

  it("gives up on a receiver that does not answer, and stops when told", async () => {
    const { error } = await sent({ timeout: "50ms", retries: 0 }, () => null);
    expect(error?.message).toContain("no answer within 50 ms");
    const stop = new AbortController();
    const receiver = await webhookReceiver(() => {
      stop.abort();
      return null;
    });
    const channel = webhookChannel({ url: receiver.url, secret });
    expect((await errorOf(() => channel.send(message, { signal: stop.signal }))).code).toBe("ABORTED");
    await receiver.close();
  });

  it("keeps the secret and the path of the address out of every error", async () => {
    const closed = await webhookReceiver();
    await closed.close();
    const answers = [
      await sent({ retries: 0 }, () => ({ status: 500 })),
      await sent({ url: closed.url, retries: 0 }),
      {
        error: await errorOf(() =>
          webhookChannel({ url: "https://hidden-path:pw@x.org/hidden-path", secret }),
        ),
      },
      { error: await errorOf(() => webhookChannel({ url: "ftp://hidden-path", secret })) },
      { error: await errorOf(() => webhookChannel({ url: "https://x.org", secret: "hidden-path" })) },
      { error: await errorOf(() => webhookChannel({ url: "https://x.org", secret: "whsec_aGlkZGVu" })) },
    ];
    for (const { error } of answers) {
      expect(error).not.toBeNull();
      const { cause } = error as { cause?: unknown };
      const all = `${error?.message} ${JSON.stringify(error)} ${cause}`;
      expect(all).not.toMatch(/hidden|aGlkZGVu|c2VjcmV0/);
    }
    expect(answers[1]?.error?.message).toContain("ECONNREFUSED");
  });

  it.each<[string, object, RegExp]>([
    ["a secret that is forgotten", { url: "https://x.org" }, /secret of a webhook is undefined/],
    [
      "an option that there is none of",
      { url: "https://x.org", secret: null, header: {} },
      /no option "header"/,
    ],
    ["half a retry", { url: "https://x.org", secret: null, retries: 0.5 }, /retries is 0.5/],
    ["a name that is none", { url: "https://x.org", secret: null, name: "" }, /name has the text ""/],
  ])("refuses %s", async (_, options, message) => {
    expect((await errorOf(() => webhookChannel(untyped(options)))).message).toMatch(message);
  });
});

describe("callbackChannel and logChannel", () => {
  it("hand over the alert, and a line of it", async () => {
    const lines: string[] = [];
    const ids: string[] = [];
    await logChannel({ write: (line) => lines.push(line) }).send(message);
    await callbackChannel({ call: async ({ data }) => void ids.push(data.id) }).send(message);
    expect(lines).toEqual(["2026-01-05T00:00:00Z warning ⚠️ temp drifts – ü"]);
    expect(ids).toEqual(["alert-1"]);
    expect((await errorOf(() => callbackChannel(untyped({})))).hint).toContain("function");
  });
});
