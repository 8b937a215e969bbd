// npm run bench -- reduce --data m4_hourly_odd.parquet [--every 8] [--horizon 24] [--trees 100]: recursive and direct strategies of reduce on the same features.
import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
import {
  columnsFromArrays,
  float64,
  gbdt,
  panel,
  type ReduceStrategy,
  reduce,
  seasonalFeatures,
  timestamp,
  utf8,
} from "@tsops/core";
import { readTable } from "../forecast/read-table.ts";

const { values: args } = parseArgs({
  options: {
    data: { type: "string" },
    every: { type: "string", default: "8" },
    horizon: { type: "string", default: "24" },
    trees: { type: "string", default: "100" },
  },
});
if (args.data === undefined) throw new Error("Name a long table: --data m4_hourly_odd.parquet");
const [horizon, season] = [Number(args.horizon), 24];
const table = await readTable(args.data, season);
const series = table.series.filter((_, s) => s % Number(args.every) === 0);
const rows = series.flatMap(({ id, train }) => Array.from(train, (y, t) => ({ id, t, y })));
const history = panel(
  columnsFromArrays(
    { id: utf8(), at: timestamp(), y: float64() },
    {
      id: rows.map(({ id }) => id),
      at: BigInt64Array.from(rows, ({ t }) => 3_600_000_000n * BigInt(t)),
      y: Float64Array.from(rows, ({ y }) => y),
    },
  ),
  { keys: ["id"], time: "at", target: "y", frequency: "1h" },
);
const testOf = new Map(series.map(({ id, train, test }) => [id, { train, test }]));
const results: Record<string, Record<string, number>> = {};
for (const strategy of ["recursive", "direct", "perStep"] satisfies ReduceStrategy[]) {
  const start = performance.now();
  const forecaster = reduce(gbdt({ loss: "absolute", trees: Number(args.trees), seed: 1 }), {
    ...seasonalFeatures([season, 168]),
    scale: "standard",
    strategy,
  });
  const forecast = (await forecaster.fit(history, { horizon })).predict();
  const scores = forecast.series.map((key, s) => {
    const { train, test } = testOf.get(key["id"] as string) as { train: Float64Array; test: Float64Array };
    const scale = train.slice(season).reduce((sum, y, t) => sum + Math.abs(y - (train[t] as number)), 0);
    const errors = Array.from({ length: horizon }, (_, h) =>
      Math.abs((test[h] as number) - (forecast.mean[s * horizon + h] as number)),
    );
    const mean = (from: number, until: number): number =>
      errors.slice(from, until).reduce((sum, error) => sum + error, 0) /
      (until - from) /
      (scale / (train.length - season));
    return { all: mean(0, horizon), first: mean(0, 6), rest: mean(6, horizon) };
  });
  const average = (part: "all" | "first" | "rest"): number =>
    scores.reduce((sum, score) => sum + score[part], 0) / scores.length;
  results[strategy] = {
    mase: average("all"),
    maseFirst6: average("first"),
    maseRest: average("rest"),
    seconds: (performance.now() - start) / 1000,
  };
  console.log(strategy, results[strategy]);
}
writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify({ node: process.versions.node, cpu: cpus()[0]?.model, loadAverage: loadavg()[0], horizon, series: series.length, trees: Number(args.trees), results }, null, 2)}\n`,
);
