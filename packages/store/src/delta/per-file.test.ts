import fc from "fast-check";
import { expect, it } from "vitest";
import { scratch } from "../../test/delta/scratch.ts";
import { perFile } from "./per-file.ts";

const { engine } = scratch();

async function evaluate(values: readonly (bigint | null)[]): Promise<bigint[]> {
  const sql = `SELECT ${perFile(values)} AS v FROM (SELECT i::UBIGINT AS file_index FROM range(${values.length}) AS r(i))`;
  const { data } = await engine().use((session) => session.columns(sql));
  return data["v"]?.kind === "int64" ? [...data["v"].values] : [];
}

it("gives each file its value", async () => {
  const value = fc.option(
    fc.oneof(fc.bigInt({ min: -2n, max: 4n }), fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n })),
  );
  const stretch = fc.record({
    start: value,
    step: fc.constantFrom(0n, 1n),
    length: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(stretch, { minLength: 1, maxLength: 12 }), async (stretches) => {
      const values = stretches.flatMap(({ start, step, length }) =>
        Array.from({ length }, (_, i) => (start === null ? null : start + step * BigInt(i))),
      );
      const found = await evaluate(values);
      expect(found.map((one, i) => (values[i] === null ? null : one))).toEqual(values);
    }),
    { numRuns: 150 },
  );
});

it("is short for a table that was only appended to", () => {
  const versions = Array.from({ length: 10_000 }, (_, i) => BigInt(i + 1));
  expect(perFile(versions).length).toBeLessThan(60);
  expect(perFile(versions.map(() => 0n)).length).toBeLessThan(60);
});

it("serves thousands of runs", async () => {
  const values = Array.from({ length: 5000 }, (_, i) => BigInt((i * 7919) % 5003));
  expect(await evaluate(values)).toEqual(values);
});
