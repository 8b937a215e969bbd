import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Announcement, Claim, Ledger, LedgerKey, StepRecord } from "../ports/ledger.ts";
import {
  type ConformanceCase,
  type ConformanceOptions,
  type ConformanceSubject,
  conformanceCases,
} from "./case.ts";
import { rejectsWith, uniqueName } from "./tracker.ts";

/** An open ledger to test. */
export interface LedgerSubject extends ConformanceSubject {
  readonly ledger: Ledger;
}

/**
 * What every `Ledger` promises. Pipeline names are unique per run, so a shared database can be tested.
 * @param open - Called once per case.
 */
export function ledgerCases(
  open: () => Promise<LedgerSubject>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases(open, cases, options);
}

const hour = 3_600_000_000n;

function intervalOf(pipeline: string, index = 0n, partition = ""): LedgerKey {
  return { pipeline, partition, start: index * hour, end: (index + 1n) * hour };
}

function stepOf(step: string, result: string, announced: readonly Announcement[] = []): StepRecord {
  const resultHash = createHash("sha256").update(result).digest("hex");
  return { step, attempt: 1, startedAt: 1n, finishedAt: 2n, result, resultHash, announced };
}

async function claim(
  ledger: Ledger,
  key: LedgerKey,
  owner: string,
  now: bigint,
  force = false,
): Promise<Claim> {
  return ledger.claim(key, { owner, now, leaseUntil: now + 100n, codeVersion: "abc", force });
}

const cases: Readonly<Record<string, (subject: LedgerSubject) => Promise<void>>> = {
  async "the first claim creates a running entry"({ ledger }) {
    const key = intervalOf(uniqueName("first"));
    const claimed = await claim(ledger, key, "a", 10n);
    assert.equal(claimed.outcome, "claimed");
    assert.deepEqual(claimed.entry, {
      ...key,
      status: "running",
      attempt: 1,
      owner: "a",
      leaseUntil: 110n,
      nextRetryAt: null,
      codeVersion: "abc",
      error: null,
      createdAt: 10n,
      updatedAt: 10n,
    });
    assert.deepEqual((await ledger.get(key))?.entry, claimed.entry);
  },
  async "of many owners who claim at once exactly one gets the run"({ ledger }) {
    const key = intervalOf(uniqueName("race"));
    const owners = ["a", "b", "c", "d", "e"];
    const claims = await Promise.all(owners.map((owner) => claim(ledger, key, owner, 10n)));
    assert.equal(claims.filter((one) => one.outcome === "claimed").length, 1);
    assert.equal(claims.filter((one) => one.outcome === "busy").length, 4);
  },
  async "a call whose signal has fired rejects with ABORTED and changes nothing"({ ledger }) {
    const [key, other] = [intervalOf(uniqueName("abort")), intervalOf(uniqueName("abort"))];
    const signal = AbortSignal.abort();
    const { entry } = await claim(ledger, key, "a", 10n);
    await rejectsWith(ledger.claim(other, { owner: "a", now: 20n, leaseUntil: 30n, signal }), "ABORTED");
    await rejectsWith(ledger.renew(key, "a", 500n, 20n, { signal }), "ABORTED");
    await rejectsWith(ledger.recordStep(key, "a", stepOf("fit", "1"), { signal }), "ABORTED");
    await rejectsWith(ledger.finish(key, "a", { status: "succeeded", now: 20n }, { signal }), "ABORTED");
    await rejectsWith(ledger.get(key, { signal }), "ABORTED");
    await rejectsWith(ledger.list(key.pipeline, { signal }), "ABORTED");
    assert.equal(await ledger.get(other), null);
    assert.deepEqual(await ledger.get(key), { entry, steps: [] });
  },
  async "another owner is refused while the lease is good and takes over when it has expired"({ ledger }) {
    const key = intervalOf(uniqueName("lease"));
    await claim(ledger, key, "a", 10n);
    await ledger.recordStep(key, "a", stepOf("extract", "1"));
    assert.equal((await claim(ledger, key, "b", 109n)).outcome, "busy");
    const taken = await claim(ledger, key, "b", 110n);
    assert.ok(taken.outcome === "claimed");
    assert.equal(taken.isTakeOver, true);
    assert.equal(taken.entry.owner, "b");
    assert.equal(taken.entry.attempt, 2);
    assert.deepEqual(
      taken.steps.map((step) => step.step),
      ["extract"],
    );
  },
  async "only a claim after an expired lease is a take-over"({ ledger }) {
    const key = intervalOf(uniqueName("take-over"));
    const isTakeOver = async (owner: string, now: bigint) => {
      const claimed = await claim(ledger, key, owner, now);
      return claimed.outcome === "claimed" && claimed.isTakeOver;
    };
    assert.equal(await isTakeOver("a", 10n), false);
    assert.equal(await isTakeOver("a", 20n), false);
    await ledger.finish(key, "a", { status: "waiting_retry", now: 30n, nextRetryAt: 40n });
    assert.equal(await isTakeOver("b", 500n), false);
    await ledger.finish(key, "b", { status: "pending", now: 510n });
    assert.equal(await isTakeOver("c", 520n), false);
    assert.equal(await isTakeOver("d", 9000n), true);
  },
  async "an owner that lost its lease can no longer write"({ ledger }) {
    const key = intervalOf(uniqueName("lost"));
    await claim(ledger, key, "a", 10n);
    await claim(ledger, key, "b", 200n);
    await rejectsWith(ledger.renew(key, "a", 500n, 201n), "LEASE_LOST");
    await rejectsWith(ledger.recordStep(key, "a", stepOf("fit", "1")), "LEASE_LOST");
    await rejectsWith(ledger.finish(key, "a", { status: "succeeded", now: 202n }), "LEASE_LOST");
    assert.equal((await ledger.get(key))?.entry.owner, "b");
    assert.deepEqual((await ledger.get(key))?.steps, []);
  },
  async "a run that was never claimed cannot be written"({ ledger }) {
    const key = intervalOf(uniqueName("never"));
    await rejectsWith(ledger.recordStep(key, "a", stepOf("fit", "1")), "LEASE_LOST");
    assert.equal(await ledger.get(key), null);
  },
  async "renewing keeps others out for longer"({ ledger }) {
    const key = intervalOf(uniqueName("renew"));
    await claim(ledger, key, "a", 10n);
    await ledger.renew(key, "a", 1000n, 50n);
    assert.equal((await claim(ledger, key, "b", 500n)).outcome, "busy");
    assert.equal((await ledger.get(key))?.entry.leaseUntil, 1000n);
  },
  async "an owner that claims again keeps its attempt and its steps"({ ledger }) {
    const key = intervalOf(uniqueName("again"));
    await claim(ledger, key, "a", 10n);
    await ledger.recordStep(key, "a", stepOf("extract", "1"));
    const again = await claim(ledger, key, "a", 20n);
    assert.ok(again.outcome === "claimed");
    assert.equal(again.entry.attempt, 1);
    assert.equal(again.entry.leaseUntil, 120n);
    assert.equal(again.steps.length, 1);
  },
  async "a finished run answers done with its steps, in order"({ ledger }) {
    const key = intervalOf(uniqueName("done"));
    await claim(ledger, key, "a", 10n);
    await ledger.recordStep(key, "a", stepOf("zebra", '{"rows":1}'));
    await ledger.recordStep(key, "a", stepOf("ant", '{"rows":2}'));
    await ledger.finish(key, "a", { status: "succeeded", now: 30n });
    const done = await claim(ledger, key, "b", 40n);
    assert.ok(done.outcome === "done");
    assert.equal(done.entry.status, "succeeded");
    assert.equal(done.entry.owner, null);
    assert.equal(done.entry.leaseUntil, null);
    assert.deepEqual(done.steps, [stepOf("zebra", '{"rows":1}'), stepOf("ant", '{"rows":2}')]);
  },
  async "force runs a finished interval again from the first step"({ ledger }) {
    const key = intervalOf(uniqueName("force"));
    await claim(ledger, key, "a", 10n);
    await ledger.recordStep(key, "a", stepOf("extract", "1"));
    await ledger.finish(key, "a", { status: "succeeded", now: 30n });
    const forced = await claim(ledger, key, "b", 40n, true);
    assert.ok(forced.outcome === "claimed");
    assert.equal(forced.entry.attempt, 2);
    assert.deepEqual(forced.steps, []);
  },
  async "force does not break a good lease"({ ledger }) {
    const key = intervalOf(uniqueName("force"));
    await claim(ledger, key, "a", 10n);
    assert.equal((await claim(ledger, key, "b", 20n, true)).outcome, "busy");
  },
  async "reopen goes on with a finished run and keeps its steps"({ ledger }) {
    const key = intervalOf(uniqueName("reopen"));
    const error = { code: "STEP_FAILED", message: "no" };
    await claim(ledger, key, "a", 10n);
    await ledger.recordStep(key, "a", stepOf("extract", "1"));
    await ledger.finish(key, "a", { status: "failed", now: 20n, error });
    const options = { owner: "b", now: 30n, leaseUntil: 130n, reopen: true };
    const reopened = await ledger.claim(key, options);
    assert.ok(reopened.outcome === "claimed");
    assert.deepEqual(reopened.steps, [stepOf("extract", "1")]);
    assert.deepEqual([reopened.entry.attempt, reopened.entry.error], [2, null]);
    assert.equal((await ledger.claim(key, { ...options, owner: "c" })).outcome, "busy");
    await ledger.finish(key, "b", { status: "waiting_retry", now: 40n, nextRetryAt: 900n, error });
    assert.equal((await ledger.claim(key, { ...options, now: 50n, leaseUntil: 150n })).outcome, "claimed");
  },
  async "a run released as pending goes on at once, as the same attempt"({ ledger }) {
    const key = intervalOf(uniqueName("pending"));
    await claim(ledger, key, "a", 10n);
    await ledger.recordStep(key, "a", stepOf("extract", "1"));
    await ledger.finish(key, "a", { status: "pending", now: 20n });
    assert.equal((await ledger.get(key))?.entry.status, "pending");
    const next = await claim(ledger, key, "b", 21n);
    assert.ok(next.outcome === "claimed");
    assert.deepEqual([next.entry.attempt, next.entry.owner, next.steps.length], [1, "b", 1]);
    await ledger.finish(key, "b", { status: "pending", now: 30n });
    const reopened = await ledger.claim(key, { owner: "c", now: 31n, leaseUntil: 131n, reopen: true });
    assert.ok(reopened.outcome === "claimed");
    assert.deepEqual([reopened.entry.attempt, reopened.steps.length], [2, 1]);
  },
  async "a retry waits until it is due and keeps the finished steps"({ ledger }) {
    const key = intervalOf(uniqueName("retry"));
    const error = { code: "STEP_FAILED", message: "The source was away." };
    await claim(ledger, key, "a", 10n);
    await ledger.recordStep(key, "a", stepOf("extract", "1"));
    await ledger.finish(key, "a", { status: "waiting_retry", now: 20n, nextRetryAt: 60n, error });
    const waiting = await claim(ledger, key, "a", 59n);
    assert.equal(waiting.outcome, "busy");
    assert.equal(waiting.entry.nextRetryAt, 60n);
    assert.deepEqual(waiting.entry.error, error);
    const retried = await claim(ledger, key, "a", 60n);
    assert.ok(retried.outcome === "claimed");
    assert.equal(retried.entry.attempt, 2);
    assert.equal(retried.entry.nextRetryAt, null);
    assert.equal(retried.entry.error, null);
    assert.equal(retried.steps.length, 1);
  },
  async "a failed run is finished"({ ledger }) {
    const key = intervalOf(uniqueName("failed"));
    const error = { code: "STEP_FAILED", message: "no" };
    await claim(ledger, key, "a", 10n);
    await ledger.finish(key, "a", { status: "failed", now: 20n, error });
    const again = await claim(ledger, key, "b", 30n);
    assert.equal(again.outcome, "done");
    assert.deepEqual(again.entry.error, error);
  },
  async "a failure is recorded whatever its message holds"({ ledger }) {
    const key = intervalOf(uniqueName("odd-message"));
    await claim(ledger, key, "a", 10n);
    const error = { code: "STEP_FAILED", message: "byte \0 and half a pair \ud83d" };
    await ledger.finish(key, "a", { status: "failed", now: 20n, error });
    const entry = (await ledger.get(key))?.entry;
    assert.equal(entry?.status, "failed");
    assert.match(entry?.error?.message ?? "", /^byte . and half a pair .$/su);
  },
  async "a step recorded again replaces its result"({ ledger }) {
    const key = intervalOf(uniqueName("step"));
    await claim(ledger, key, "a", 10n);
    await ledger.recordStep(key, "a", stepOf("fit", "1"));
    await ledger.recordStep(key, "a", stepOf("score", "2"));
    await ledger.recordStep(key, "a", stepOf("fit", "3"));
    assert.deepEqual(
      (await ledger.get(key))?.steps.map((step) => [step.step, step.result]),
      [
        ["fit", "3"],
        ["score", "2"],
      ],
    );
  },
  async "partitions and intervals are runs of their own"({ ledger }) {
    const pipeline = uniqueName("parts");
    for (const key of [intervalOf(pipeline), intervalOf(pipeline, 0n, "east"), intervalOf(pipeline, 1n)])
      assert.equal((await claim(ledger, key, "a", 10n)).outcome, "claimed");
  },
  async "entries are listed by interval start and filtered"({ ledger }) {
    const pipeline = uniqueName("list");
    for (const index of [2n, 0n, 1n]) await claim(ledger, intervalOf(pipeline, index), "a", 10n);
    await claim(ledger, intervalOf(pipeline, 1n, "east"), "a", 10n);
    await ledger.finish(intervalOf(pipeline, 1n), "a", { status: "succeeded", now: 20n });
    const starts = async (options?: Parameters<Ledger["list"]>[1]): Promise<bigint[]> =>
      (await ledger.list(pipeline, options)).map((entry) => entry.start / hour);
    assert.deepEqual(await starts(), [0n, 1n, 1n, 2n]);
    assert.deepEqual(await starts({ partition: "" }), [0n, 1n, 2n]);
    assert.deepEqual(await starts({ status: "succeeded" }), [1n]);
    assert.deepEqual(await starts({ from: hour, to: 2n * hour }), [1n, 1n]);
    assert.deepEqual(await starts({ limit: 2 }), [0n, 1n]);
    assert.deepEqual(await ledger.list(uniqueName("nothing")), []);
  },
  async "instants before 1970 and far ahead are kept exactly"({ ledger }) {
    const key = {
      pipeline: uniqueName("exact"),
      partition: "",
      start: -9_007_199_254_740_993n,
      end: 2n ** 62n + 1n,
    };
    await claim(ledger, key, "a", 10n);
    const [entry] = await ledger.list(key.pipeline);
    assert.equal(entry?.start, key.start);
    assert.equal(entry?.end, key.end);
  },
  async "what a step announces is recorded with it, and read in order of time by asset"({ ledger }) {
    const key = intervalOf(uniqueName("announce"), 0n, "a'b");
    const [model, alarm] = [`tsops://${uniqueName("m")}/x`, `tsops://${uniqueName("a")}/x`];
    await claim(ledger, key, "a", 10n);
    const extra = { version: 3, note: 'quote " and \u2028', nested: [null, true, 0.1] };
    const announced = [
      { asset: model, extra },
      { asset: alarm, extra: {} },
    ];
    await ledger.recordStep(key, "a", stepOf("promote", "1", announced));
    const found = await ledger.events({ assets: [alarm, model] });
    assert.deepEqual(
      found.map(({ asset, extra: facts, source }) => ({ asset, extra: facts, source })),
      announced.map((one) => ({ ...one, source: { ...key, step: "promote" } })),
    );
    const [first, second] = found.map(({ at }) => at) as [bigint, bigint];
    assert.ok(first < second);
    assert.deepEqual(await ledger.events({ assets: [model] }), found.slice(0, 1));
    assert.deepEqual(await ledger.events({ assets: [model, alarm], after: first }), found.slice(1));
    assert.deepEqual(await ledger.events({ assets: [model, alarm], to: first }), found.slice(0, 1));
    assert.deepEqual(await ledger.events({ assets: [] }), []);
    assert.deepEqual((await ledger.get(key))?.steps[0]?.announced, announced);
  },
  async "an owner who lost the run announces nothing"({ ledger }) {
    const key = intervalOf(uniqueName("lost"));
    const asset = `tsops://${uniqueName("m")}/x`;
    await claim(ledger, key, "a", 10n);
    await claim(ledger, key, "b", 1000n);
    await rejectsWith(ledger.recordStep(key, "a", stepOf("fit", "1", [{ asset, extra: {} }])), "LEASE_LOST");
    assert.deepEqual(await ledger.events({ assets: [asset] }), []);
  },
  async "events from outside have no source, and each is later than the one before, whatever the clock says"({
    ledger,
  }) {
    const asset = `tsops://${uniqueName("m")}/x`;
    const later = await ledger.announce({ asset, extra: { n: 1 } }, 5_000n);
    const earlier = await ledger.announce({ asset, extra: { n: 2 } }, 5n);
    const all = await Promise.all([3, 4, 5].map((n) => ledger.announce({ asset, extra: { n } }, 5n)));
    assert.equal(later.source, null);
    assert.ok(earlier.at > later.at);
    assert.equal(new Set(all.map(({ at }) => at)).size, 3);
    const found = await ledger.events({ assets: [asset] });
    assert.deepEqual(found.slice(0, 2), [later, earlier]);
    assert.equal(found.length, 5);
    await rejectsWith(ledger.announce({ asset, extra: {} }, 5n, { signal: AbortSignal.abort() }), "ABORTED");
    await rejectsWith(ledger.events({ assets: [asset], signal: AbortSignal.abort() }), "ABORTED");
    assert.equal((await ledger.events({ assets: [asset] })).length, 5);
  },
};
