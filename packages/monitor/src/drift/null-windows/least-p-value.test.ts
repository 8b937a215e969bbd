import { columnsFromArrays, createRandom, float64, timestamp } from "@tsops/core";
import { expect, it } from "vitest";
import { driftTest } from "../drift-test.ts";

/** Five weeks of hours in 2,000 columns, the fifth of the first one far higher. */
function columns(from: number, to: number) {
  const names = Array.from({ length: 2000 }, (_, column) => `c${column}`);
  const values = names.map((name, column) => {
    const random = createRandom(`least/${name}/${from}`);
    // Constants take no time.
    return Float64Array.from({ length: to - from }, () =>
      column === 0 ? random.normal(from > 0 ? 50 : 0) : 1,
    );
  });
  return columnsFromArrays(
    { at: timestamp(), ...Object.fromEntries(names.map((name) => [name, float64()])) },
    {
      at: BigInt64Array.from({ length: to - from }, (_, i) => 3_600_000_000n * BigInt(from + i)),
      ...Object.fromEntries(names.map((name, i) => [name, values[i]])),
    } as never,
  );
}

it("tells no p-value below 1e-6, and still discovers one column of 2,000 by the test that found most", () => {
  const report = driftTest(columns(0, 672), columns(672, 840), { time: "at", season: [] });
  const [first] = report.columns;
  expect(report.columns.filter(({ drift }) => drift).map(({ column }) => column)).toEqual(["c0"]);
  expect(first?.tests[0]).toMatchObject({ test: "level", pValue: 1e-6 });
  expect(first?.tests[0]?.sentence).toContain("(p <= 1e-6)");
});
