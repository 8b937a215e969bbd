import { describe, expect, it } from "vitest";
import { isPromotion } from "./promotions.ts";

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
