import { columnsFromArrays, createRandom, float64, nullable, timestamp, utf8 } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { driftTest } from "../drift-test.ts";
import { type NumericWindow, numericColumn } from "../numeric-column.ts";
import { endHelper, takeHelper } from "./helper-thread.ts";
import { testColumns } from "./shared-columns.ts";

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

  it("takes the last column while the first ones are tested here, and finds the same", () => {
    const random = createRandom("taken column");
    const window = (first: number): NumericWindow => ({
      first,
      values: Float64Array.from({ length: rows }, () => random.normal()),
      missing: null,
    });
    const [before, now] = [window(0), window(rows)];
    const options = { seasons: [24], choose: false, maxOrder: 2 };
    const sleep = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    // The thread writes over the values of the column that it is at.
    const isAtWork = () => takeHelper().memory.some((values) => values[0] !== before.values[0]);
    const taken: number[] = [];
    const found = testColumns(
      {
        columns: 6,
        slots: 2 * rows,
        options,
        windowsOf: () => [before, now],
        test(column) {
          // Long enough for the others to be worth a helper, and the second until it is there.
          if (column === 0) sleep(500);
          for (let waits = 0; column === 1 && waits < 10_000 && !isAtWork(); waits++) sleep(10);
          return numericColumn(before, now, options);
        },
        fromOutcomes(column, outcomes) {
          taken.push(column);
          return [...outcomes];
        },
      },
      true,
    );
    endHelper(takeHelper());
    expect(taken).toContain(5);
    expect(taken).not.toContain(0);
    for (const outcomes of found) expect(outcomes).toEqual(numericColumn(before, now, options));
  });
});
