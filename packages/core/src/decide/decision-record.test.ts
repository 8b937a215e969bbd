import { describe, expect, it } from "vitest";
import { untyped } from "../../../../test/without-types.ts";
import { decisionRecord } from "./decision-record.ts";

const content = {
  kind: "retrain",
  subject: "load",
  time: 0n,
  verdict: "retrain",
  reason: "A new sensor.",
  requestedBy: "Ada",
  evidence: {},
} as const;

describe("decisionRecord", () => {
  it("has one id for one content", () => {
    const { id } = decisionRecord(content);
    expect(id).toMatch(/^retrain-[0-9a-f]{20}$/);
    expect(decisionRecord({ ...content }).id).toBe(id);
    expect(decisionRecord({ ...content, time: 1n }).id).not.toBe(id);
  });

  it("refuses a record that does not say what, about what, when, why or who asked", () => {
    for (const field of Object.keys(content))
      for (const value of [undefined, null, Number.NaN, " ", []]) {
        if (field === "evidence" && value === " ") continue;
        expect(() => decisionRecord(untyped({ ...content, [field]: value }))).toThrow(
          expect.objectContaining({
            code: "VALUE_INVALID",
            hint: expect.any(String),
            details: { field },
          }),
        );
      }
  });
});
