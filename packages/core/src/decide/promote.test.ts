import { beforeEach, describe, expect, it } from "vitest";
import { TsopsError } from "../errors.ts";
import type { DecisionLog } from "../ports/decision-log.ts";
import type { ModelVersion } from "../ports/registry.ts";
import { memoryDecisionLog } from "../testing/memory-decision-log.ts";
import { virtualClock } from "../time/clock.ts";
import type { GateDecision } from "./gate.ts";
import { promote, rollback } from "./promote.ts";

const clock = virtualClock(1_000n);
let champion: number | null = null;
let decisions: DecisionLog;
const registry = {
  async getVersion(name: string, version: number) {
    if (version > 3) throw new TsopsError("MODEL_NOT_FOUND", `There is no version ${version} of "${name}".`);
    return { name, version } as ModelVersion;
  },
  async resolve(name: string) {
    if (champion === null) throw new TsopsError("ALIAS_NOT_FOUND", "There is no champion.");
    return { name, version: champion } as ModelVersion;
  },
  async setAlias(_name: string, _alias: string, version: number) {
    champion = version;
  },
};
const options = () => ({ registry, decisions, clock, requestedBy: "daily" });
const gateDecision = (verdict: "promote" | "reject", subject = "bikes") =>
  ({ id: "gate-1", verdict, subject, reason: "v2 is better (p = 0.01)." }) as GateDecision;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (TsopsError.is(error) ? error.code : error),
  );

beforeEach(() => {
  champion = null;
  decisions = memoryDecisionLog();
});

describe("promote", () => {
  it("moves the alias and records from where to where, and why", async () => {
    await promote("bikes", 1, { ...options(), because: "the first one" });
    const record = await promote("bikes", 2, { ...options(), because: gateDecision("promote") });
    expect(champion).toBe(2);
    expect(record).toMatchObject({
      kind: "promotion",
      subject: "bikes",
      time: 1_000n,
      verdict: "promoted",
      reason: "Version 2 is champion after version 1: v2 is better (p = 0.01).",
      requestedBy: "daily",
      evidence: { from: 1, to: 2, gate: "gate-1" },
    });
    expect((await decisions.list()).map(({ evidence }) => evidence)).toEqual([
      { from: null, to: 1, gate: null },
      { from: 1, to: 2, gate: "gate-1" },
    ]);
  });

  it("changes nothing for a version that is not there, a rejected candidate, or another model's decision", async () => {
    expect(await codeOf(promote("bikes", 9, { ...options(), because: "why not" }))).toBe("MODEL_NOT_FOUND");
    expect(await codeOf(promote("bikes", 2, { ...options(), because: gateDecision("reject") }))).toBe(
      "GATE_INVALID",
    );
    expect(
      await codeOf(promote("bikes", 2, { ...options(), because: gateDecision("promote", "cars") })),
    ).toBe("GATE_INVALID");
    expect(champion).toBe(null);
    expect(await decisions.list()).toEqual([]);
  });

  it("leaves the champion alone when the record cannot be kept", async () => {
    champion = 1;
    const full = { ...decisions, append: () => Promise.reject(new TsopsError("STORE_FULL", "Full.")) };
    expect(await codeOf(promote("bikes", 2, { ...options(), decisions: full, because: "better" }))).toBe(
      "STORE_FULL",
    );
    expect(champion).toBe(1);
  });
});

describe("rollback", () => {
  it("goes back to the champion before, step by step, and to any version that is named", async () => {
    for (const version of [1, 2, 3])
      await promote("bikes", version, { ...options(), because: `model ${version}` });
    const record = await rollback("bikes", { ...options(), because: "Sunday was wrong." });
    expect(champion).toBe(2);
    expect(record).toMatchObject({
      kind: "rollback",
      reason: "Version 2 is champion after version 3: Sunday was wrong.",
      evidence: { from: 3, to: 2 },
    });
    await rollback("bikes", { ...options(), because: "So was Saturday." });
    expect(champion).toBe(1);
    await rollback("bikes", { ...options(), because: "It was not the model.", to: 3 });
    expect(champion).toBe(3);
  });

  it("goes back past a promotion that was asked for twice, as a step that is retried does", async () => {
    for (const version of [1, 2, 3, 3, 3])
      await promote("bikes", version, { ...options(), because: `model ${version}` });
    const record = await rollback("bikes", { ...options(), because: "Sunday was wrong." });
    expect(champion).toBe(2);
    expect(record.evidence).toMatchObject({ from: 3, to: 2 });
    // Going back to where one is already hides nothing either.
    await promote("bikes", 3, { ...options(), because: "It was not the model." });
    await rollback("bikes", { ...options(), because: "To be sure.", to: 3 });
    await rollback("bikes", { ...options(), because: "It was the model." });
    expect(champion).toBe(2);
  });

  it("says what to do when nothing tells which version was before", async () => {
    expect(await codeOf(rollback("bikes", { ...options(), because: "x" }))).toBe("ALIAS_NOT_FOUND");
    champion = 2;
    const error = await rollback("bikes", { ...options(), because: "x" }).catch((e: unknown) => e);
    expect(TsopsError.is(error, "GATE_INVALID")).toBe(true);
    expect((error as TsopsError).hint).toContain("rollback(model, { to: 3");
    await promote("bikes", 2, { ...options(), because: "it is champion already" });
    expect(await codeOf(rollback("bikes", { ...options(), because: "x" }))).toBe("GATE_INVALID");
    expect(await codeOf(rollback("bikes", { ...options(), because: "x", to: 7 }))).toBe("MODEL_NOT_FOUND");
    expect(champion).toBe(2);
  });
});
