import { columnsFromArrays, createRandom, float64, nullable, timestamp, utf8 } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { driftTest } from "./drift-test.ts";
import { endHelper, takeHelper } from "./helper-thread.ts";

const [rows, minute] = [12_000, 60_000_000n];

/** Persistent columns with a daily pattern, one with gaps, one constant, one of labels. */
function windows(count: number) {
  const random = createRandom("shared-columns");
  const make = (first: number) => {
    const at = BigInt64Array.from({ length: rows }, (_, i) => BigInt(first + i) * minute);
    const columns = Array.from({ length: count }, (_, column) => {
      let noise = 0;
      return Float64Array.from({ length: rows }, (_, i) => {
        noise = 0.8 * noise + random.normal();
        if (column === 1 && i % 97 === 0) return Number.NaN;
        if (column === 2) return 7;
        return Math.sin((2 * Math.PI * (first + i)) / 1440) + noise + (first > 0 && column === 3 ? 1 : 0);
      });
    });
    const names = columns.map((_, column) => `c${column}`);
    return columnsFromArrays(
      {
        at: timestamp(),
        label: nullable(utf8()),
        ...Object.fromEntries(names.map((name) => [name, float64()])),
      },
      {
        at,
        label: Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? null : ("abc"[i % 7] ?? "d"))),
        ...Object.fromEntries(names.map((name, column) => [name, columns[column] as Float64Array])),
      },
    );
  };
  return [make(0), make(rows)] as const;
}

describe("a helper thread", { timeout: 120_000 }, () => {
  it("changes nothing, whatever it takes part in", async () => {
    const [reference, current] = windows(40);
    const one = driftTest(reference, current, { time: "at", threads: 1 });
    // Started before, so that it is there in time.
    const { worker } = takeHelper();
    const answered = new Promise((resolve) => worker.once("online", resolve));
    await answered;
    const two = driftTest(reference, current, { time: "at", threads: 2 });
    expect(two).toEqual(one);
    expect(one.columns.find(({ column }) => column === "c3")?.drift).toBe(true);
    endHelper(takeHelper());
  });
});
