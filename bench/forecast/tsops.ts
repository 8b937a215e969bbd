// One model of tsops on one table, in a process of its own: prints its forecasts, its time and its memory as JSON.
// Code is warm when it is timed, as that of the peers is; see `warmSeconds` in peer.py.
import { parseArgs } from "node:util";
import {
  columnsFromArrays,
  conformal,
  float64,
  intervalOf,
  nullable,
  panel,
  parseFrequency,
  timestamp,
  utf8,
} from "@tsops/core";
import { models } from "./models.ts";
import { type BenchSeries, readTable, sampleOf } from "./read-table.ts";

const { values: args } = parseArgs({
  options: {
    model: { type: "string", default: "" },
    data: { type: "string", default: "" },
    horizon: { type: "string", default: "1" },
    season: { type: "string", default: "1" },
    conformal: { type: "string" },
    sample: { type: "string" },
  },
});
const seasons = args.season.split(",").map(Number);
const horizon = Number(args.horizon);
const model = models.find(({ name }) => name === args.model);
if (model === undefined) throw new Error(`There is no model "${args.model}".`);

const table = await readTable(args.data, seasons[0] ?? 1);
const series = sampleOf(table.series, Number(args.sample ?? table.series.length));
const { frequency } = table;
const startOf = new Map(table.series.map(({ id }, s) => [id, table.starts[s] as bigint]));
const grid = parseFrequency(frequency);
const panelOf = (some: readonly BenchSeries[]) => {
  const ids: string[] = [];
  const at: bigint[] = [];
  const y: number[] = [];
  // Sorted, as a panel keeps its series.
  some.forEach(({ id, train }) => {
    const cell = grid.indexOf(startOf.get(id) as bigint);
    train.forEach((value, i) => {
      ids.push(id);
      at.push(grid.instantAt(cell + i));
      y.push(value);
    });
  });
  const rows = columnsFromArrays(
    { id: utf8(), at: timestamp(), y: nullable(float64()) },
    { id: ids, at: BigInt64Array.from(at), y: Float64Array.from(y) },
  );
  return panel(rows, { keys: ["id"], time: "at", target: "y", frequency });
};
const history = panelOf(series);
const threads = model.usesAllCores ? {} : { threads: 1 };
const measured = async (of: typeof history) => {
  const started = performance.now();
  const startedCpu = process.cpuUsage();
  const plain = model.make(seasons, horizon);
  const forecaster =
    args.conformal === undefined || plain.kind === "conformal"
      ? plain
      : conformal(plain, { folds: Number(args.conformal), by: "scaled", levels: [80, 95] });
  const fitted = await forecaster.fit(of, { horizon, ...threads });
  const forecast = fitted.predict({ levels: fitted.hasIntervals ? [80, 95] : [] });
  const { user, system } = process.cpuUsage(startedCpu);
  return { forecast, seconds: (performance.now() - started) / 1000, cpuSeconds: (user + system) / 1e6 };
};

const [warmSeconds, roundSeconds] = [0.5, 1];
const isTrained = model.usesAllCores === true;
if (!isTrained) {
  const few = panelOf(series.slice(0, 2));
  for (let spent = 0; spent < warmSeconds; ) spent += (await measured(few)).cpuSeconds;
}
const first = await measured(history);
const { forecast } = first;
let { seconds, cpuSeconds } = first;
for (let spent = cpuSeconds; !isTrained && spent < roundSeconds; ) {
  const again = await measured(history);
  spent += again.cpuSeconds;
  seconds = Math.min(seconds, again.seconds);
  cpuSeconds = Math.min(cpuSeconds, again.cpuSeconds);
}

const place = new Map(history.series.map(({ id }, s) => [id as string, s]));
const inOrder = (values: Float64Array): number[] =>
  series.flatMap(({ id }) => {
    const s = place.get(id) as number;
    return [...values.subarray(s * horizon, (s + 1) * horizon)];
  });
const bounds: Record<string, number[]> = {};
for (const level of [80, 95]) {
  const interval = intervalOf(forecast.quantiles, level);
  if (interval === null) continue;
  bounds[`lo${level}`] = inOrder(interval.lower);
  bounds[`hi${level}`] = inOrder(interval.upper);
}
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({
    version: "tsops",
    seconds,
    cpuSeconds,
    peakMb,
    mean: inOrder(forecast.mean),
    ...("lo80" in bounds ? { bounds } : {}),
  }),
);
