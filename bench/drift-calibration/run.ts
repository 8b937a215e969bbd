// How often driftTest alarms in one week after four weeks of hourly reference: when nothing changed, and when something did.
// Run: npm run bench -- drift-calibration
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { bool, columnsFromArrays, createRandom, float64, type Random, timestamp } from "@tsops/core";
import { driftTest } from "@tsops/monitor";
import { ar1, arma, daily, laplace, poisson, t3 } from "../harness/noise.ts";

/** Windows of a cell: many where a rate near 5 % is told, fewer where one near 100 % is, and of noise outside of the model. */
const repeats = { none: 1000, changed: 100, other: 250 };
const alpha = 0.05;
const hour = 3_600_000_000n;
const start = 1_767_571_200_000_000n; // 2026-01-05T00:00Z, a Monday
const [referenceRows, allRows] = [4 * 168, 5 * 168];

interface Case {
  readonly repeats: number;
  readonly make: (random: Random) => Float64Array;
  readonly bool?: boolean;
}

/** ARMA noise of all rows. */
const armaNoise = (
  random: Random,
  phi: readonly number[],
  theta: readonly number[] = [],
  shock = () => random.normal(),
) => arma(allRows, phi, theta, shock);
const seasonal = (make: (random: Random) => Float64Array, count = repeats.other): Case => ({
  repeats: count,
  make: (random) => make(random).map((value, row) => value + daily(row)),
});

const cases: Record<string, Case> = {};
for (const phi of [0, 0.5, 0.9])
  for (const amplitude of [0, 1]) {
    const cell = (change: string, after: (noise: number, row: number) => number) => {
      cases[`AR ${phi}${amplitude === 0 ? "" : " + season"}: ${change}`] = {
        repeats: change === "none" ? repeats.none : repeats.changed,
        make: (random) =>
          ar1(random, allRows, phi).map((noise, row) =>
            row < referenceRows ? noise + amplitude * daily(row) : after(noise, row),
          ),
      };
    };
    cell("none", (noise, row) => noise + amplitude * daily(row));
    cell("mean + 1", (noise, row) => noise + amplitude * daily(row) + 1);
    cell("variance x 2", (noise, row) => noise * Math.SQRT2 + amplitude * daily(row));
    if (amplitude === 1) cell("pattern 3 h later", (noise, row) => noise + daily(row - 3));
    cases[`AR ${phi}${amplitude === 0 ? "" : " + season"}: Laplace for normal shocks`] = {
      repeats: repeats.changed,
      make: (random) => {
        let row = -500;
        const shock = () => (row++ < referenceRows ? random.normal() : laplace(random));
        return armaNoise(random, [phi], [], shock).map((value, at) => value + amplitude * daily(at));
      },
    };
  }
const others: Record<string, Case> = {
  "ARMA(2,1)": seasonal((random) => armaNoise(random, [1.2, -0.3], [0.5]), repeats.none),
  "AR(4)": seasonal((random) => armaNoise(random, [0.4, 0.1, 0.1, 0.25])),
  "t3, AR 0.5": seasonal((random) => armaNoise(random, [0.5], [], () => t3(random)), repeats.none),
  "t3, AR 0.9": seasonal((random) => armaNoise(random, [0.9], [], () => t3(random)), repeats.none),
  "GARCH(1,1), AR 0.5": seasonal((random) => {
    let [variance, last] = [1, 0];
    return armaNoise(random, [0.5], [], () => {
      variance = 0.05 + 0.1 * last * last + 0.85 * variance;
      last = Math.sqrt(variance) * random.normal();
      return last;
    });
  }),
  "noise wider by day, AR 0.8": seasonal((random) => {
    let row = 0;
    return armaNoise(random, [0.8], [], () => random.normal() * (1 + 0.5 * daily(row++)));
  }),
  "spikes of 8 sd in 0.5 % of rows, AR 0.9": seasonal((random) =>
    ar1(random, allRows, 0.9).map((value) => (random.uniform() < 0.005 ? value + 8 : value)),
  ),
  "spikes of 8 sd in 2 % of rows, AR 0.5": seasonal((random) =>
    ar1(random, allRows, 0.5).map((value) => (random.uniform() < 0.02 ? value + 8 : value)),
  ),
  "rounded to sd, AR 0.9": {
    repeats: repeats.other,
    make: (random) => ar1(random, allRows, 0.9).map((value, row) => Math.round(value + daily(row))),
  },
  "exp(AR 0.5 / 2)": {
    repeats: repeats.other,
    make: (random) => ar1(random, allRows, 0.5).map((value, row) => Math.exp((value + daily(row)) / 2)),
  },
  "exp(AR 0.9 / 2)": {
    repeats: repeats.other,
    make: (random) => ar1(random, allRows, 0.9).map((value, row) => Math.exp((value + daily(row)) / 2)),
  },
  "exp(AR 0.9)": {
    repeats: repeats.other,
    make: (random) => ar1(random, allRows, 0.9).map((value, row) => Math.exp(value + daily(row) / 2)),
  },
  "Poisson counts of rate exp(0.5 + 0.4 AR 0.9)": {
    repeats: repeats.other,
    make: (random) =>
      ar1(random, allRows, 0.9).map((value, row) =>
        poisson(random, Math.exp(0.5 + 0.4 * value + 0.25 * daily(row))),
      ),
  },
  "bool: AR 0.9 over a threshold": {
    repeats: repeats.other,
    bool: true,
    make: (random) => ar1(random, allRows, 0.9).map((value, row) => (value + daily(row) / 2 > 0.5 ? 1 : 0)),
  },
  "bool: independent": {
    repeats: repeats.other,
    bool: true,
    make: (random) => Float64Array.from({ length: allRows }, () => (random.uniform() < 0.3 ? 1 : 0)),
  },
};

function window(values: Float64Array, from: number, to: number, isBool: boolean) {
  const part = values.subarray(from, to);
  const at = BigInt64Array.from(part, (_, i) => start + hour * BigInt(from + i));
  return isBool
    ? columnsFromArrays({ at: timestamp(), y: bool() }, { at, y: Array.from(part, (value) => value === 1) })
    : columnsFromArrays({ at: timestamp(), y: float64() }, { at, y: part });
}

/** Share of repeats with an alarm: of the column, and of each test by itself. */
const rates: Record<string, Record<string, number>> = {};
for (const [name, { repeats: windows, make, bool: isBool = false }] of Object.entries({
  ...cases,
  ...others,
})) {
  const counts = new Map<string, number>();
  const add = (test: string, alarm: boolean) => counts.set(test, (counts.get(test) ?? 0) + (alarm ? 1 : 0));
  for (let repeat = 0; repeat < windows; repeat++) {
    const values = make(createRandom(`drift-calibration/${name}/${repeat}`));
    const report = driftTest(
      window(values, 0, referenceRows, isBool),
      window(values, referenceRows, allRows, isBool),
      { time: "at", season: [24], alpha },
    );
    const column = report.columns[0];
    if (column === undefined) throw new Error(`${name}, repeat ${repeat}: ${report.untested[0]?.reason}`);
    add("column", column.drift);
    for (const { test, pValue } of column.tests) add(test, pValue <= alpha);
  }
  rates[name] = Object.fromEntries([...counts].map(([test, count]) => [test, count / windows]));
  console.log(name, rates[name]);
}
writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify({ machine: cpus()[0]?.model, node: process.version, repeats, alpha, rates }, null, 2)}\n`,
);
