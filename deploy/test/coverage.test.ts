import { join } from "node:path";
import { openHome } from "@tsops/store";
import { expect, it } from "vitest";
import { joinedOf } from "../../packages/monitor/test/joined-outcomes.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { openCoverage } from "../src/coverage.ts";

const day = 86_400_000_000n;
const signal = new AbortController().signal;

/** Forecasts of every day from 1970 on, by version 1, whose intervals hold none of the outcomes. */
function missed(days: number, horizon: number) {
  const rows = Array.from({ length: days * horizon }, (_, row) => [
    Math.floor(row / horizon),
    1 + (row % horizon),
  ]);
  const column = (of: (cutoff: number, step: number) => number) =>
    Float64Array.from(rows, ([cutoff = 0, step = 0]) => of(cutoff, step));
  const instants = (of: (cutoff: number, step: number) => number) =>
    BigInt64Array.from(rows, ([cutoff = 0, step = 0]) => day * BigInt(of(cutoff, step)));
  return joinedOf({
    step: Int32Array.from(rows, ([, step = 0]) => step),
    cutoff: instants((cutoff) => cutoff),
    time: instants((cutoff, step) => cutoff + step),
    y: column((cutoff, step) => (cutoff + step <= days ? 5 : Number.NaN)),
    quantiles: [
      { probability: 0.1, values: column(() => -1) },
      { probability: 0.9, values: column(() => 1) },
    ],
  });
}

it("keeps the evidence about a version's intervals through a restart, and begins anew with another version", async () => {
  const path = join(temporaryDirectory().path, ".tsops");
  const of = { deployment: "demand", version: 1 };
  let eValue: number;
  {
    await using home = await openHome(path);
    const coverage = await openCoverage(home.snapshots, of, signal);
    expect(coverage.watches()).toEqual([]);
    expect(coverage.watch(80).update(missed(100, 1))).toBe(true);
    await coverage.save(signal);
    ({ eValue } = coverage.watch(80));
  }
  await using home = await openHome(path);
  const coverage = await openCoverage(home.snapshots, of, signal);
  expect(coverage.watches().map((watch) => [watch.level, watch.alarm, watch.eValue])).toEqual([
    [80, true, eValue],
  ]);
  expect((await openCoverage(home.snapshots, { ...of, version: 2 }, signal)).watches()).toEqual([]);
  expect((await openCoverage(home.snapshots, { ...of, deployment: "other" }, signal)).watches()).toEqual([]);
});

it("looks back far enough for a block of long horizons to be whole", async () => {
  await using home = await openHome(join(temporaryDirectory().path, ".tsops"));
  const of = { deployment: "demand", version: 1 };
  const coverage = await openCoverage(home.snapshots, of, signal);
  expect(coverage.lookBack).toBe(14n * day);
  coverage.watch(80).update(missed(14, 14));
  await coverage.save(signal);
  // A block is two horizons, and the next one may have begun right after the oldest forecast.
  expect((await openCoverage(home.snapshots, of, signal)).lookBack).toBe(56n * day);
});
