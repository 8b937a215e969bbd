import { type OutboxMessage, TsopsError, virtualClock } from "@tsops/core";
import { memoryDecisionLog, memoryOutbox } from "@tsops/core/testing";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import type { AlertChannel } from "./channels/channel.ts";
import { deliverAlerts } from "./deliver.ts";
import { evaluateAlerts } from "./evaluate.ts";
import { queueAlerts } from "./queue.ts";

const start = 1_767_571_200_000_000n;
const second = 1_000_000n;
const message = (id: string, group = "a"): OutboxMessage => ({
  id,
  channel: "out",
  group,
  body: '{"data":{"subject":"bikes"}}',
  createdAt: start,
});

/** A channel that fails for the ids given, as often as said. */
function channel(failures: Record<string, number> = {}, error: unknown = new Error("HTTP 500")) {
  const sent: string[] = [];
  const out: AlertChannel = {
    name: "out",
    async send({ id }) {
      sent.push(id);
      const left = failures[id] ?? 0;
      failures[id] = left - 1;
      if (left > 0) throw error;
    },
  };
  return { out, sent };
}

describe("deliverAlerts", () => {
  it("sends all that is due, each group in order, and forgets it after a while", async () => {
    const outbox = memoryOutbox();
    const clock = virtualClock(start);
    await outbox.put([message("a1"), message("a2"), message("b1", "b"), message("a3")]);
    const { out, sent } = channel();
    expect(await deliverAlerts({ outbox, channels: [out], clock })).toEqual({
      delivered: 4,
      failed: 0,
      parked: 0,
      unattended: {},
    });
    expect(sent.filter((id) => id.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
    expect(await deliverAlerts({ outbox, channels: [out], clock })).toMatchObject({ delivered: 0 });
    await clock.advanceBy(31n * 86_400n * second);
    await deliverAlerts({ outbox, channels: [out], clock });
    expect(await outbox.list()).toEqual([]);
  });

  it("waits longer after each failure and holds up the group, not the others", async () => {
    const outbox = memoryOutbox();
    const clock = virtualClock(start);
    await outbox.put([message("a1"), message("a2"), message("b1", "b")]);
    const { out, sent } = channel({ a1: 3 });
    const pass = () => deliverAlerts({ outbox, channels: [out], clock });
    expect(await pass()).toEqual({ delivered: 1, failed: 1, parked: 0, unattended: {} });
    const waits: bigint[] = [];
    for (let i = 0; i < 3; i++) {
      const next = (await outbox.list({ status: "waiting" }))[0]?.nextAttemptAt ?? 0n;
      waits.push((next - clock.now()) / second);
      await clock.advanceTo(next - 1n);
      expect(await pass()).toMatchObject({ delivered: 0, failed: 0 });
      await clock.advanceTo(next);
      await pass();
    }
    expect(waits).toEqual([30n, 60n, 120n]);
    expect(sent).toEqual(["a1", "b1", "a1", "a1", "a1", "a2"]);
  });

  it("tells of messages for channels that it was not given, and leaves them", async () => {
    const outbox = memoryOutbox();
    await outbox.put([
      message("a1"),
      { ...message("b1"), channel: "on-cal" },
      { ...message("b2"), channel: "on-cal" },
      { ...message("c1"), channel: "__proto__" },
    ]);
    const pass = () => deliverAlerts({ outbox, channels: [channel().out], clock: virtualClock(start) });
    const { delivered, unattended } = await pass();
    expect([delivered, Object.entries(unattended)]).toEqual([
      1,
      [
        ["on-cal", 2],
        ["__proto__", 1],
      ],
    ]);
    expect(await outbox.list({ status: "waiting" })).toHaveLength(3);
  });

  it("waits as long as the receiver asks for, up to the longest wait", async () => {
    const outbox = memoryOutbox();
    await outbox.put([message("a1"), message("b1", "b")]);
    const asks = (retryAfterMs: number) =>
      new TsopsError("ADAPTER_UNAVAILABLE", "HTTP 429.", { details: { retryAfterMs } });
    const one = { ...channel({ a1: 1 }, asks(600_000)).out };
    await deliverAlerts({ outbox, channels: [one], clock: virtualClock(start) });
    const [first] = await outbox.list({ status: "waiting" });
    expect(first?.nextAttemptAt).toBe(start + 600n * second);
    expect(first?.error).toBe("HTTP 429");
    const two = channel({ a1: 1 }, asks(1e12)).out;
    await deliverAlerts({ outbox, channels: [two], clock: virtualClock(start + 600n * second) });
    expect((await outbox.list({ status: "waiting" }))[0]?.nextAttemptAt).toBe(
      start + (600n + 3n * 3600n) * second,
    );
  });

  it("parks what is given up, with a record, and goes on with the group", async () => {
    const outbox = memoryOutbox();
    const decisions = memoryDecisionLog();
    const clock = virtualClock(start);
    await outbox.put([message("poison"), message("a2")]);
    const { out, sent } = channel({ poison: 100 });
    const pass = () => deliverAlerts({ outbox, channels: [out], decisions, clock, attempts: 2 });
    await pass();
    await clock.advanceBy(30n * second);
    expect(await pass()).toMatchObject({ delivered: 1, failed: 0, parked: 1 });
    expect(sent).toEqual(["poison", "poison", "a2"]);
    expect((await outbox.list({ status: "parked" })).map(({ id }) => id)).toEqual(["poison"]);
    expect(await decisions.list()).toMatchObject([
      {
        kind: "alert",
        subject: "bikes",
        verdict: "undelivered",
        reason: "The alert poison was given up for the channel out after 2 attempts: HTTP 500.",
      },
    ]);
  });

  it("gives up on a channel that never ends, and lets go of its message when stopped", async () => {
    const outbox = memoryOutbox();
    const hanging: AlertChannel = { name: "out", send: () => new Promise(() => {}) };
    const clock = virtualClock(start);
    await outbox.put([message("a1")]);
    expect(await deliverAlerts({ outbox, channels: [hanging], clock, timeout: "20ms" })).toMatchObject({
      failed: 1,
    });
    expect((await outbox.list())[0]?.error).toBe("not done within 20 ms");
    await clock.advanceBy(30n * second);
    const stop = new AbortController();
    const listening: AlertChannel = {
      name: "out",
      send: (_, options) =>
        new Promise((_resolve, reject) => {
          options?.signal?.addEventListener("abort", () => reject(new TsopsError("ABORTED", "Stopped.")));
          stop.abort();
        }),
    };
    const stopped = await errorOf(() =>
      deliverAlerts({ outbox, channels: [listening], clock, signal: stop.signal }),
    );
    expect(stopped.code).toBe("ABORTED");
    expect((await outbox.list())[0]).toMatchObject({
      status: "waiting",
      owner: null,
      nextAttemptAt: clock.now(),
    });
  });

  it("refuses two channels of one name and no attempts", async () => {
    const { out } = channel();
    const outbox = memoryOutbox();
    expect((await errorOf(() => deliverAlerts({ outbox, channels: [out, out] }))).message).toMatch(
      /same name/,
    );
    expect((await errorOf(() => deliverAlerts({ outbox, channels: [out], attempts: 0 }))).message).toMatch(
      /attempts is 0/,
    );
    const missing = await errorOf(() => deliverAlerts(untyped({ channels: [out] })));
    expect(missing.hint).toBe("Give home.outbox.");
    const nameless = await errorOf(() => deliverAlerts({ outbox, channels: [untyped({ send() {} })] }));
    expect(nameless.message).toMatch(/names of the channels has undefined/);
    expect((await errorOf(() => queueAlerts([], { outbox, channels: [] }))).message).toMatch(/no channel/);
  });
});

describe("queueAlerts", () => {
  const ask = (rule: object) =>
    evaluateAlerts({
      rules: [{ name: "error", signal: "mae", when: { above: 1 }, raise: { k: 1, of: 1 }, ...rule }],
      observations: [{ signal: "mae", subject: "load", value: 2 }],
      state: null,
      now: start,
      requestedBy: "hourly",
      silences: [
        {
          where: { rule: "quiet" },
          from: "2025-01-01T00:00Z",
          until: "2027-01-01T00:00Z",
          by: "Ada",
          why: "drill",
        },
      ],
    }).alerts;

  it("stores a message for each channel of the rule, once, whatever comes again", async () => {
    const outbox = memoryOutbox();
    const { out } = channel();
    const channels = [out, "log"];
    const alerts = ask({});
    expect(await queueAlerts(alerts, { outbox, channels })).toBe(2);
    expect(await queueAlerts(alerts, { outbox, channels })).toBe(0);
    expect((await outbox.list()).map(({ channel, id }) => [channel, id])).toEqual([
      ["out", alerts[0]?.id],
      ["log", alerts[0]?.id],
    ]);
    const { type, text, data } = JSON.parse((await outbox.list())[0]?.body ?? "");
    expect([type, data.id, data.rule, data.subject, data.count]).toEqual([
      "alert.raised",
      alerts[0]?.id,
      "error",
      "load",
      1,
    ]);
    expect(text).toBe(`⚠️ ${alerts[0]?.reason}`);
  });

  it("goes by the rule's channels, to all when none of them is there, and leaves silenced ones in the log", async () => {
    const queued = async (rule: object) => {
      const outbox = memoryOutbox();
      await queueAlerts(ask(rule), { outbox, channels: ["out", "log"] });
      return (await outbox.list()).map(({ channel }) => channel);
    };
    expect(await queued({ channels: ["log", "pager"] })).toEqual(["log"]);
    expect(await queued({ channels: ["pager"] })).toEqual(["out", "log"]);
    expect(await queued({ name: "quiet" })).toEqual([]);
  });
});
