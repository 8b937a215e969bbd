import { columnsFromArrays, float64, type PredictionRecord, timestamp } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../test/without-types.ts";
import {
  checkQuality,
  driftTest,
  evaluateRetrain,
  joinOutcomes,
  observeCoverage,
  observePromise,
  performanceByWindow,
  retrainPolicy,
  streamingDrift,
} from "../src/index.ts";
import { renderReport } from "../src/report/index.ts";

const hour = 3_600_000_000n;
const rows = (from: number, length: number) =>
  columnsFromArrays(
    { at: timestamp(), y: float64() },
    {
      at: BigInt64Array.from({ length }, (_, i) => hour * BigInt(from + i)),
      y: Float64Array.from({ length }, (_, i) => Math.sin(i) + (i % 24)),
    },
  );
const some = rows(0, 200);
const table = { keys: [], eventTime: "at" };
const drift = (from: number, options: object = {}) =>
  driftTest(rows(1000, 200), rows(from, 50), untyped({ time: "at", ...options }));
const nothing = () => joinOutcomes([] as PredictionRecord[], some, { keys: [], time: "at", target: "y" });
describe("monitoring refuses what callers without types write", () => {
  it.each<[string, RegExp, RegExp, () => unknown]>([
    ["a misspelt policy option", /"windw"/, /"window"/, () => retrainPolicy(untyped({ windw: 7 }))],
    [
      "a policy that always breaches",
      /ratio is 1, it must be above 1/,
      /15 % worse/,
      () => retrainPolicy({ ratio: 1 }),
    ],
    [
      "a cool-down in words",
      /coolDown is the text "8 weeks", which is no length of time/,
      /"8w"/,
      () => retrainPolicy({ coolDown: "8 weeks" }),
    ],
    [
      "a wrong metric",
      /metric is one of mae, rmse, mase/,
      /"mae"/,
      () => retrainPolicy(untyped({ metric: "mea" })),
    ],
    [
      "a misspelt trigger",
      /breaches has no option "off"/,
      /"of"/,
      () => retrainPolicy(untyped({ breaches: { k: 1, off: 2 } })),
    ],
    ["a misspelt drift option", /"seasons"/, /"season"/, () => drift(1200, { seasons: [24] })],
    ["one season", /season must be a list, got 24/, /\[24\]/, () => drift(1200, { season: 24 })],
    ["one column", /columns must be a list/, /\["y"\]/, () => drift(1200, { columns: "y" })],
    ["the time as a column", /"at" is the time/, /Leave it out/, () => drift(1200, { columns: ["y", "at"] })],
    ["a column twice", /columns names "y" twice/, /Leave it out/, () => drift(1200, { columns: ["y", "y"] })],
    [
      "half a season",
      /A season of 1.5 steps is none/,
      /\[\] or \[1\] for no season/,
      () => drift(1200, { season: [1.5] }),
    ],
    [
      "no order",
      /maxOrder is 0, it must be a whole number from 1 on/,
      /8 is/,
      () => drift(1200, { maxOrder: 0 }),
    ],
    ["an order that is no number", /maxOrder is the text "8"/, /8 is/, () => drift(1200, { maxOrder: "8" })],
    ["half an order", /maxOrder is 2.5/, /8 is/, () => drift(1200, { maxOrder: 2.5 })],
    [
      "rows as a window",
      /driftTest\(\) takes columns, got a list of one value/,
      /columnsFromRows/,
      () => driftTest(some, untyped([{ at: 1, y: 2 }]), { time: "at" }),
    ],
    [
      "rows as a stream's reference",
      /streamingDrift\(\) takes columns, got null/,
      /columnsFromRows/,
      () => streamingDrift(untyped(null), { time: "at", column: "y" }),
    ],
    [
      "a stream's column of times",
      /Column "at" is timestamp, not numeric/,
      /float64 or int64/,
      () => streamingDrift(some, { time: "at", column: "at", season: [] }),
    ],
    [
      "a misspelt quality option",
      /"maxage"/,
      /"maxAge"/,
      () => checkQuality(some, untyped({ table, maxage: "1d" })),
    ],
    [
      "a Date as the present",
      /now is a Date; microseconds/,
      /toMicros/,
      () => checkQuality(some, untyped({ table, now: new Date(0) })),
    ],
    [
      "a range upside down",
      /from 5 to 1, so no value fits/,
      /Swap/,
      () => checkQuality(some, { table, ranges: { y: { min: 5, max: 1 } } }),
    ],
    [
      "a misspelt range",
      /range of column "y" has no option "mn"/,
      /"min"/,
      () => checkQuality(some, { table, ranges: { y: untyped({ mn: 5 }) } }),
    ],
    [
      "a misspelt join option",
      /"avalableAt"/,
      /"availableAt"/,
      () => joinOutcomes([], some, untyped({ keys: [], time: "at", target: "y", avalableAt: "at" })),
    ],
    [
      "one key",
      /keys must be a list/,
      /\["a"\]/,
      () => joinOutcomes([], some, untyped({ keys: "a", time: "at", target: "y" })),
    ],
    [
      "a wrong word for by",
      /by is one of time, cutoff, got the text "stepp"/,
      /./,
      async () => performanceByWindow(await nothing(), untyped({ window: "1d", by: "stepp" })),
    ],
    [
      "a wrong split",
      /split is one of step, version, key/,
      /"step"/,
      async () => performanceByWindow(await nothing(), untyped({ window: "1d", split: ["stepp"] })),
    ],
    [
      "a misspelt option of an observation",
      /observePromise\(\) has no option "subjct"/,
      /"subject"/,
      () => observePromise(untyped({ ratio: 1, pValue: 1 }), untyped({ subjct: "m" })),
    ],
    [
      "a result of another function",
      /observeCoverage\(\) was given an object/,
      /coverageWatch\(\)/,
      () => observeCoverage(untyped({ ratio: 1 }), { subject: "m" }),
    ],
    [
      "a misspelt option of a retraining",
      /evaluateRetrain\(\) has no option "histroy"/,
      /"history"/,
      () => evaluateRetrain(untyped({ histroy: [] })),
    ],
    [
      "a misspelt part of a report",
      /renderReport\(\) has no option "decision"/,
      /"decisions"/,
      () => renderReport(untyped({ title: "t", now: 0n, decision: [] })),
    ],
    [
      "a report as of a Date",
      /now is a Date/,
      /toMicros/,
      () => renderReport(untyped({ title: "t", now: new Date(0) })),
    ],
  ])("%s", async (_, message, hint, work) => {
    const error = await errorOf(work);
    expect(error.message).toMatch(message);
    if (hint.source !== ".") expect(error.hint).toMatch(hint);
    expect(error.code).toBe("MONITOR_INVALID");
  });

  it("and takes windows that follow one another", () => {
    expect(drift(1200).referenceRows).toBe(200);
    expect(drift(1200, { season: [24, 24] }).seasons).toEqual([24]);
    expect(drift(1200, { season: [1] })).toEqual(drift(1200, { season: [] }));
  });
});
