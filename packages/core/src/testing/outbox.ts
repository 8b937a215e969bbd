import assert from "node:assert/strict";
import type { Outbox, OutboxMessage } from "../ports/outbox.ts";
import {
  type ConformanceCase,
  type ConformanceOptions,
  type ConformanceSubject,
  conformanceCases,
} from "./case.ts";
import { rejectsWith, uniqueName } from "./tracker.ts";

/** An open outbox to test. */
export interface OutboxSubject extends ConformanceSubject {
  readonly outbox: Outbox;
}

/**
 * What every `Outbox` promises.
 * @param open - Called once per case; gives an empty outbox, as one of the cases fills it.
 */
export function outboxCases(
  open: () => Promise<OutboxSubject>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases(open, cases, options);
}

const start = 1_300_000_000_000_001n;
const second = 1_000_000n;

function messageOf(channel: string, overrides: Partial<OutboxMessage> = {}): OutboxMessage {
  return {
    id: uniqueName("message"),
    channel,
    group: "a",
    body: '{"text":"Ünï \\"code\\" \u2028"}',
    createdAt: start,
    ...overrides,
  };
}

/** Claims for an owner at an instant, with a lease of a minute, and gives the ids. */
async function claimAt(outbox: Outbox, channel: string, now: bigint, limit = 100, owner = "one") {
  const found = await outbox.claim({
    owner,
    now,
    leaseUntil: now + 60n * second,
    channels: [channel],
    limit,
  });
  return found.map(({ id }) => id);
}

const cases: Readonly<Record<string, (subject: OutboxSubject) => Promise<void>>> = {
  async "a message is listed as it was put, and waits"({ outbox }) {
    const message = messageOf(uniqueName("channel"));
    assert.equal(await outbox.put([message]), 1);
    assert.deepEqual(await outbox.list({ channel: message.channel }), [
      {
        ...message,
        status: "waiting",
        attempts: 0,
        nextAttemptAt: message.createdAt,
        owner: null,
        leaseUntil: null,
        error: null,
        settledAt: null,
      },
    ]);
  },
  async "an id that a channel knows changes nothing, also after delivery; another channel takes it"({
    outbox,
  }) {
    const message = messageOf(uniqueName("channel"));
    const elsewhere = { ...message, channel: uniqueName("other") };
    assert.equal(await outbox.put([message, message, elsewhere]), 2);
    await claimAt(outbox, message.channel, start);
    await outbox.delivered(message, start + second);
    assert.equal(await outbox.put([{ ...message, body: "other" }]), 0);
    const [kept] = await outbox.list({ channel: message.channel });
    assert.deepEqual([kept?.status, kept?.body, kept?.attempts], ["delivered", message.body, 1]);
    assert.equal((await outbox.list({ channel: elsewhere.channel }))[0]?.status, "waiting");
  },
  async "a group leaves in order, one message at a time; groups do not wait for each other"({ outbox }) {
    const channel = uniqueName("channel");
    const [first, next, other] = [
      messageOf(channel),
      messageOf(channel, { createdAt: start - second }),
      messageOf(channel, { group: "b" }),
    ] as const;
    await outbox.put([first]);
    await outbox.put([next, other]);
    assert.deepEqual(await claimAt(outbox, channel, start), [first.id, other.id]);
    assert.deepEqual(await claimAt(outbox, channel, start), []);
    await outbox.delivered(first, start);
    assert.deepEqual(await claimAt(outbox, channel, start), [next.id]);
  },
  async "only due messages of the channels asked for are claimed, as many as asked for"({ outbox }) {
    const channel = uniqueName("channel");
    const groups = ["a", "b", "c"].map((group) => messageOf(channel, { group }));
    await outbox.put(groups);
    assert.deepEqual(await claimAt(outbox, uniqueName("none"), start), []);
    assert.deepEqual(await claimAt(outbox, channel, start - 1n), []);
    assert.deepEqual(await claimAt(outbox, channel, start, 2), [groups[0]?.id, groups[1]?.id]);
    assert.deepEqual(await claimAt(outbox, channel, start), [groups[2]?.id]);
  },
  async "a message whose owner died is given out again when the lease has ended"({ outbox }) {
    const message = messageOf(uniqueName("channel"));
    await outbox.put([message]);
    await claimAt(outbox, message.channel, start);
    assert.deepEqual(await claimAt(outbox, message.channel, start + 60n * second - 1n, 1, "two"), []);
    assert.deepEqual(await claimAt(outbox, message.channel, start + 60n * second, 1, "two"), [message.id]);
    const [entry] = await outbox.list({ channel: message.channel });
    assert.deepEqual([entry?.owner, entry?.attempts, entry?.leaseUntil], ["two", 2, start + 120n * second]);
    // The first owner lives after all: its failure is no business of the second's.
    const late = { now: start + 61n * second, nextAttemptAt: null, error: "late" };
    await outbox.failed(message, { owner: "one", ...late });
    assert.equal((await outbox.list({ channel: message.channel }))[0]?.owner, "two");
    // But what has arrived has arrived.
    await outbox.delivered(message, late.now);
    assert.equal((await outbox.list({ channel: message.channel }))[0]?.status, "delivered");
  },
  async "a failed message keeps its place and waits until it is due again"({ outbox }) {
    const channel = uniqueName("channel");
    const [first, next] = [messageOf(channel), messageOf(channel)] as const;
    await outbox.put([first, next]);
    await claimAt(outbox, channel, start);
    const nextAttemptAt = start + 30n * second;
    await outbox.failed(first, { owner: "one", now: start, nextAttemptAt, error: "HTTP 503" });
    assert.deepEqual(await claimAt(outbox, channel, nextAttemptAt - 1n), []);
    assert.equal((await outbox.list({ channel }))[0]?.error, "HTTP 503");
    assert.deepEqual(await claimAt(outbox, channel, nextAttemptAt), [first.id]);
  },
  async "a parked message stands in nobody's way, is listed, and can be released behind its group"({
    outbox,
  }) {
    const channel = uniqueName("channel");
    const [poison, next] = [messageOf(channel), messageOf(channel)] as const;
    await outbox.put([poison, next]);
    await claimAt(outbox, channel, start);
    await outbox.failed(poison, { owner: "one", now: start + second, nextAttemptAt: null, error: "no" });
    const parked = await outbox.list({ channel, status: "parked" });
    assert.deepEqual(
      parked.map(({ id, settledAt, error }) => [id, settledAt, error]),
      [[poison.id, start + second, "no"]],
    );
    assert.equal(await outbox.release(next, start), false);
    assert.equal(await outbox.release(poison, start + 2n * second), true);
    assert.deepEqual(await claimAt(outbox, channel, start + 2n * second), [next.id]);
    await outbox.delivered(next, start + 2n * second);
    assert.deepEqual(await claimAt(outbox, channel, start + 2n * second), [poison.id]);
    assert.equal((await outbox.list({ channel, status: "waiting" }))[0]?.attempts, 1);
  },
  async "a parked message can be dropped, and nothing else can"({ outbox }) {
    const channel = uniqueName("channel");
    const [poison, next] = [messageOf(channel), messageOf(channel)] as const;
    await outbox.put([poison, next]);
    await claimAt(outbox, channel, start);
    assert.equal(await outbox.drop(poison), false);
    await outbox.failed(poison, { owner: "one", now: start + second, nextAttemptAt: null, error: "no" });
    await rejectsWith(outbox.drop(poison, { signal: AbortSignal.abort() }), "ABORTED");
    assert.equal(await outbox.drop(next), false);
    assert.equal(await outbox.drop({ channel: uniqueName("channel"), id: poison.id }), false);
    assert.equal(await outbox.drop(poison), true);
    assert.equal(await outbox.drop(poison), false);
    assert.deepEqual(
      (await outbox.list({ channel })).map(({ id }) => id),
      [next.id],
    );
  },
  async "more than the capacity is refused whole; what is settled takes no place"({ outbox }) {
    const channel = uniqueName("channel");
    const waiting = (await outbox.list({ status: "waiting" })).length;
    const fill = Array.from({ length: outbox.capacity - waiting }, () => messageOf(channel));
    await outbox.put(fill);
    const extra = [messageOf(channel), messageOf(channel)];
    await rejectsWith(outbox.put(extra), "STORE_FULL");
    assert.equal((await outbox.list({ channel })).length, fill.length);
    assert.equal(await outbox.put(fill.slice(0, 1)), 0);
    for (const message of fill.slice(0, 2)) await outbox.delivered(message, start);
    assert.equal(await outbox.put(extra), 2);
  },
  async "what was settled long ago is forgotten, what waits is not"({ outbox }) {
    const channel = uniqueName("channel");
    const [old, recent, waiting] = ["a", "b", "c"].map((group) => messageOf(channel, { group })) as [
      OutboxMessage,
      OutboxMessage,
      OutboxMessage,
    ];
    await outbox.put([old, recent, waiting]);
    await outbox.delivered(old, 10n);
    await outbox.delivered(recent, 20n);
    await outbox.prune(20n);
    assert.deepEqual(
      (await outbox.list({ channel })).map(({ id }) => id),
      [recent.id, waiting.id],
    );
    assert.equal(await outbox.put([old]), 1);
  },
  async "a call whose signal has fired rejects with ABORTED and changes nothing"({ outbox }) {
    const message = messageOf(uniqueName("channel"));
    const signal = AbortSignal.abort();
    await rejectsWith(outbox.put([message], { signal }), "ABORTED");
    await rejectsWith(outbox.list({ signal }), "ABORTED");
    assert.deepEqual(await outbox.list({ channel: message.channel }), []);
    await outbox.put([message]);
    const asked = { owner: "one", now: start, leaseUntil: start + second, limit: 1, signal };
    await rejectsWith(outbox.claim({ ...asked, channels: [message.channel] }), "ABORTED");
    await rejectsWith(outbox.delivered(message, start, { signal }), "ABORTED");
    assert.equal((await outbox.list({ channel: message.channel }))[0]?.attempts, 0);
  },
};
