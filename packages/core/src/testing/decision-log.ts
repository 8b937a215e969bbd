import assert from "node:assert/strict";
import type { DecisionLog, DecisionRecord } from "../ports/decision-log.ts";
import {
  type ConformanceCase,
  type ConformanceOptions,
  type ConformanceSubject,
  conformanceCases,
} from "./case.ts";
import { rejectsWith, uniqueName } from "./tracker.ts";

/** An open decision log to test. */
export interface DecisionLogSubject extends ConformanceSubject {
  readonly decisions: DecisionLog;
}

/**
 * What every `DecisionLog` promises. Ids and subjects are unique per run, so a shared store can be tested.
 * @param open - Called once per case.
 */
export function decisionLogCases(
  open: () => Promise<DecisionLogSubject>,
  options?: ConformanceOptions,
): readonly ConformanceCase[] {
  return conformanceCases(open, cases, options);
}

function decisionOf(subject: string, overrides: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    id: uniqueName("decision"),
    kind: "gate",
    subject,
    time: 1_300_000_000_000_001n,
    verdict: "promote",
    reason: "The candidate's loss is 2.1 lower (p = 0.003).",
    requestedBy: "pipeline retrain 2011-07-01",
    evidence: { test: "diebold-mariano", p: 0.003, folds: [1, 2, 3], guards: { coverage: true, note: null } },
    ...overrides,
  };
}

const cases: Readonly<Record<string, (subject: DecisionLogSubject) => Promise<void>>> = {
  async "a decision comes back exactly as it was appended"({ decisions }) {
    const decision = decisionOf(uniqueName("subject"));
    await decisions.append(decision);
    assert.deepEqual(await decisions.list({ subject: decision.subject }), [decision]);
  },
  async "NaN and infinities in the evidence are kept"({ decisions }) {
    const evidence = { p: Number.NaN, bounds: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] };
    const decision = decisionOf(uniqueName("subject"), { evidence });
    await decisions.append(decision);
    assert.deepEqual((await decisions.list({ subject: decision.subject }))[0]?.evidence, evidence);
  },
  async "an id that exists changes nothing"({ decisions }) {
    const decision = decisionOf(uniqueName("subject"));
    await decisions.append(decision);
    await decisions.append({ ...decision, verdict: "reject" });
    assert.deepEqual(await decisions.list({ subject: decision.subject }), [decision]);
  },
  async "decisions are listed oldest first and filtered; the range of times is half-open"({ decisions }) {
    const subject = uniqueName("subject");
    const late = decisionOf(subject, { time: 30n, kind: "drift", verdict: "no_drift" });
    const early = decisionOf(subject, { time: 10n });
    const middle = decisionOf(subject, { time: 20n });
    for (const decision of [late, early, middle]) await decisions.append(decision);
    await decisions.append(decisionOf(uniqueName("other"), { time: 15n }));
    const times = async (options: Parameters<DecisionLog["list"]>[0]): Promise<bigint[]> =>
      (await decisions.list({ subject, ...options })).map((decision) => decision.time);
    assert.deepEqual(await times({}), [10n, 20n, 30n]);
    assert.deepEqual(await times({ kind: "drift" }), [30n]);
    assert.deepEqual(await times({ verdict: "no_drift" }), [30n]);
    assert.deepEqual(await times({ id: early.id }), [10n]);
    assert.deepEqual(await times({ id: early.id, kind: "drift" }), []);
    assert.deepEqual(await times({ from: 10n, to: 30n }), [10n, 20n]);
    assert.deepEqual(await times({ limit: 1 }), [10n]);
    assert.deepEqual(await times({ from: 31n }), []);
  },
  async "a call whose signal has fired rejects with ABORTED and changes nothing"({ decisions }) {
    const decision = decisionOf(uniqueName("subject"));
    const signal = AbortSignal.abort();
    await rejectsWith(decisions.append(decision, { signal }), "ABORTED");
    await rejectsWith(decisions.list({ signal }), "ABORTED");
    assert.deepEqual(await decisions.list({ subject: decision.subject }), []);
  },
};
