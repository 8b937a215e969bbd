import { createRandom } from "@tsops/core";
import { driftTest } from "@tsops/monitor";
import { columnsOf, timesOf } from "./columns.ts";
import type { Process } from "./processes.ts";

/** What was found of a process: shares of those that could be tested. */
export interface Found {
  readonly tested: number;
  readonly reps: number;
  /** Share with an alarm at 5 %. */
  readonly alarms: number;
  /** Other shares, by what they are of. */
  readonly also: Readonly<Record<string, number>>;
}

/** Levels at which p-values of columns are counted. */
const levels = [0.01, 0.001, 0.0001, 0.00001];

/** How often one look at one window alarms; and each test by itself where that is more than 7 %. */
export function measuredWindows(name: string, { make, layout }: Process, reps: number, seed: string): Found {
  const rows = layout.reference + layout.current;
  const at = timesOf(layout.step, rows);
  const pValues: number[] = [];
  const single = new Map<string, number>();
  for (let repeat = 0; repeat < reps; repeat++) {
    const values = make(createRandom(`${seed}/${name}/${repeat}`), rows);
    const { columns } = driftTest(
      columnsOf(at, values, 0, layout.reference),
      columnsOf(at, values, layout.reference, rows),
      { time: "at", season: layout.season, threads: 1 },
    );
    for (const { pValue, tests } of columns) {
      pValues.push(pValue);
      for (const test of tests)
        single.set(test.test, (single.get(test.test) ?? 0) + (test.pValue <= 0.05 ? 1 : 0));
    }
  }
  const tested = pValues.length;
  const shareBelow = (level: number) => pValues.filter((pValue) => pValue <= level).length / tested;
  const also: Record<string, number> = {};
  for (const [test, count] of single) if (count > 0.07 * tested) also[test] = count / tested;
  for (const level of levels) if (shareBelow(level) > 0) also[`p <= ${level}`] = shareBelow(level);
  return { tested, reps, alarms: tested === 0 ? 0 : shareBelow(0.05), also };
}
