import { describe, expect, it } from "vitest";
import { joinedOf } from "../../test/joined-outcomes.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import { watchServed } from "./watch-served.ts";

const day = 86_400_000_000n;

/**
 * A forecast of 0 every day, by a champion of version 1 and from `replacedAt` on of version 2, whose 80 % intervals reach from -1 to 1.
 * @param outcomeOf - By day; NaN has not come.
 */
function servedOf(days: number, replacedAt: number, outcomeOf: (day: number) => number): JoinedOutcomes {
  const column = (of: (day: number) => number) => Float64Array.from({ length: days }, (_, i) => of(i));
  return joinedOf({
    step: new Int32Array(days).fill(1),
    cutoff: BigInt64Array.from({ length: days }, (_, i) => day * BigInt(i)),
    time: BigInt64Array.from({ length: days }, (_, i) => day * BigInt(i + 1)),
    y: column(outcomeOf),
    sources: [1, 2].map((modelVersion) => ({ deployment: "d", model: "m", modelVersion, role: "champion" })),
    sourceIndex: Int32Array.from({ length: days }, (_, i) => Number(i >= replacedAt)),
    quantiles: [
      { probability: 0.1, values: column(() => -1) },
      { probability: 0.9, values: column(() => 1) },
    ],
  });
}
/** Within the interval on four days of five. */
const asPromised = (i: number) => (i % 5 === 3 ? 2 : 0.5 + 0.1 * Math.sin(i * i));
const said = (served: JoinedOutcomes) =>
  watchServed(served, { subject: "load" }).map(({ signal, verdict }) => [signal, verdict]);

describe("watchServed", () => {
  it("says whether the champion's intervals cover what they promise, and since when the error is what it is", () => {
    expect(said(servedOf(100, 100, asPromised))).toEqual([
      ["coverage_watch", "as_promised"],
      ["error_change", "unchanged"],
    ]);
    const worse = watchServed(
      servedOf(100, 100, (i) => (i < 50 ? 1 : 3) * asPromised(i)),
      { subject: "load" },
    );
    expect(worse.map(({ signal, verdict }) => [signal, verdict])).toEqual([
      ["coverage_watch", "too_narrow"],
      ["error_change", "higher"],
    ]);
    expect(worse[0]).toMatchObject({ subject: "load", labels: { level: "80" } });
  });

  it("holds nothing against a version that its predecessor did", () => {
    const served = servedOf(150, 50, (i) => (i < 50 ? 9 : asPromised(i)));
    expect(said(served)[0]).toEqual(["coverage_watch", "as_promised"]);
  });

  it("says nothing of a log that is too short, and refuses what is no log or has no subject", () => {
    expect(said(servedOf(5, 5, asPromised))).toEqual([]);
    expect(said(servedOf(0, 0, asPromised))).toEqual([]);
    for (const call of [
      () => watchServed({} as never, { subject: "load" }),
      () => watchServed(servedOf(5, 5, asPromised), {} as never),
      () => watchServed(servedOf(5, 5, asPromised), { subject: "load", zoen: "UTC" } as never),
    ])
      expect(call).toThrow(expect.objectContaining({ code: "MONITOR_INVALID" }));
  });
});
