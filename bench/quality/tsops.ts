// Learns rules of rows and checks as many others. Run by run.ts, in a process of its own.
import {
  type Columns,
  type ColumnTypes,
  columnsFromArrays,
  createRandom,
  float64,
  timestamp,
  utf8,
} from "@tsops/core";
import { checkQuality, learnQuality } from "@tsops/monitor";
import { report, timed } from "../harness/measured.ts";
import { numbers, rows, sites, type work } from "./input.ts";

const [, repeats] = process.argv.slice(2) as [string, string];
const minute = 60_000_000n;
const start = 1_704_067_200_000_000n;

/** Rows by minute of several sites, in the order of the times. */
function table(from: number, seed: string): Columns {
  const random = createRandom(seed);
  const types: Record<string, ColumnTypes[string]> = { at: timestamp(), site: utf8() };
  const data: Record<string, unknown> = {
    at: BigInt64Array.from({ length: rows }, (_, i) => start + minute * BigInt(from + Math.floor(i / sites))),
    site: Array.from({ length: rows }, (_, i) => `site ${i % sites}`),
  };
  for (let column = 0; column < numbers; column++) {
    types[`x${column}`] = float64();
    data[`x${column}`] = Float64Array.from(
      { length: rows },
      (_, i) => 100 + 30 * Math.sin((2 * Math.PI * Math.floor(i / sites)) / 1440) + 5 * random.normal(),
    );
  }
  return columnsFromArrays(types, data as never);
}

const roles = { keys: ["site"], eventTime: "at" };
const reference = table(0, "reference");
const current = table(rows / sites, "current");
const rules = learnQuality(reference, { table: roles });
const cases: Record<keyof typeof work, () => unknown> = {
  "learn rules": () => learnQuality(reference, { table: roles }),
  "check against rules": () => checkQuality(current, { rules }),
  "check without rules": () => checkQuality(current, { table: roles, frequency: "1m" }),
};
for (const [name, run] of Object.entries(cases)) await timed(name, Number(repeats), run, { warmUp: false });
report();
