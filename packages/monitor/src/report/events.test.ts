import { describe, expect, it } from "vitest";
import { eventOf, isPromotion } from "./events.ts";

describe("isPromotion", () => {
  it("counts a replaced champion once: by its gate or experiment, or by the person who promoted without one", () => {
    expect(isPromotion({ kind: "gate", verdict: "promote" })).toBe(true);
    expect(isPromotion({ kind: "gate", verdict: "reject" })).toBe(false);
    expect(isPromotion({ kind: "experiment", verdict: "promote" })).toBe(true);
    for (const verdict of ["keep", "undecided"])
      expect(isPromotion({ kind: "experiment", verdict })).toBe(false);
    const promotion = { kind: "promotion", verdict: "promoted" } as const;
    expect(isPromotion({ ...promotion, evidence: { gate: "gate-1" } })).toBe(false);
    expect(isPromotion({ ...promotion, evidence: { gate: null } })).toBe(true);
    expect(isPromotion(promotion)).toBe(true);
  });

  it("counts nothing else", () => {
    for (const kind of ["rollback", "drift", "retrain", "alert"] as const)
      expect(isPromotion({ kind, verdict: "promote" })).toBe(false);
  });
});

describe("eventOf", () => {
  it("marks promotions, rejections and alerts that were told, and nothing that is only on record", () => {
    const said = [
      ["gate", "promote", "promoted"],
      ["gate", "reject", "rejected"],
      ["experiment", "promote", "promoted"],
      ["experiment", "keep", null],
      ["alert", "alert", "alert"],
      ["alert", "resolved", null],
      ["alert", "silenced", null],
      ["alert", "held", null],
      ["alert", "undelivered", null],
      ["drift", "drift", null],
    ] as const;
    const record = { id: "1", subject: "load", time: 0n, reason: "", requestedBy: "test", evidence: {} };
    for (const [kind, verdict, event] of said)
      expect(eventOf({ ...record, kind, verdict }), `${kind} ${verdict}`).toBe(event);
  });
});
