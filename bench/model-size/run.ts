// npm run bench -- model-size [--megabytes 40]: what a fitted forecaster takes, saved and in memory, and the processor time of loading it.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  adida,
  arima,
  autoForecaster,
  ces,
  columnsFromArrays,
  conformal,
  createRandom,
  croston,
  ensemble,
  ets,
  type FittedForecaster,
  type Forecaster,
  float64,
  gbdt,
  historicAverage,
  imapa,
  loadForecaster,
  mstl,
  naive,
  panel,
  randomWalkWithDrift,
  reduce,
  seasonalNaive,
  theta,
  timestamp,
  tsb,
  utf8,
  windowAverage,
} from "@tsops/core";

const { values: args } = parseArgs({ options: { megabytes: { type: "string", default: "40" } } });
/** Copies of a forecaster that are loaded take about so much, so that what else the heap does is little beside it. */
const enough = Number(args.megabytes) * 1e6;
const [season, rows, many] = [12, 200, 20];
const horizon = season;

function history(count: number) {
  const random = createRandom("model size");
  const [id, at, y]: [string[], bigint[], number[]] = [[], [], []];
  for (let s = 0; s < count; s++)
    for (let t = 0; t < rows; t++) {
      id.push(`series ${s}`);
      at.push(3_600_000_000n * BigInt(t));
      y.push(50 + 10 * Math.sin((2 * Math.PI * t) / season) + random.normal(0, 3));
    }
  return panel(
    columnsFromArrays(
      { id: utf8(), at: timestamp(), y: float64() },
      { id, at: BigInt64Array.from(at), y: Float64Array.from(y) },
    ),
    { keys: ["id"], time: "at", target: "y", frequency: "1h" },
  );
}

const [one, panelOfMany] = [history(1), history(many)];
const boosted = reduce(gbdt({ trees: 100, leaves: 15 }), { lags: [1, 2, 3, season], differences: [season] });
const models: readonly (readonly [string, Forecaster])[] = [
  ["naive", naive()],
  ["seasonalNaive", seasonalNaive({ seasonLength: season })],
  ["randomWalkWithDrift", randomWalkWithDrift()],
  ["historicAverage", historicAverage()],
  ["windowAverage", windowAverage({ window: season })],
  ["croston", croston()],
  ["tsb", tsb({ sizeRate: 0.1, probabilityRate: 0.1 })],
  ["adida", adida()],
  ["imapa", imapa()],
  ["ets", ets({ seasonLength: season })],
  ["theta", theta({ seasonLength: season })],
  ["ces", ces({ seasonLength: season })],
  ["mstl", mstl({ seasonLengths: [season] })],
  ["arima", arima({ seasonLength: season })],
  ["conformal(ets)", conformal(ets({ seasonLength: season }), { folds: 4 })],
  ["ensemble(ets, theta)", ensemble([ets({ seasonLength: season }), theta({ seasonLength: season })])],
  ["reduce(gbdt), 100 trees", boosted],
  ["autoForecaster", autoForecaster({ seasonLengths: [season], budget: "20s" })],
];

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes in use after everything that can be freed is; buffers are freed a while after what held them. */
async function inUse(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

interface Size {
  readonly savedBytes: number;
  readonly savedBytesPerSeries: number;
  readonly memoryBytes: number;
  readonly loadMicros: number;
}
const results: Record<string, Size> = {};
for (const [name, model] of models) {
  const saved = (await model.fit(one, { horizon })).save();
  const ofMany = (await model.fit(panelOfMany, { horizon })).save();
  const copies = Math.round(enough / saved.length);
  for (let i = 0; i < 100; i++) loadForecaster(saved);
  const before = await inUse();
  const loaded: FittedForecaster[] = [];
  const started = process.cpuUsage();
  // Each from bytes of its own, as from files of their own.
  for (let i = 0; i < copies; i++) loaded.push(loadForecaster(saved.slice()));
  const { user, system } = process.cpuUsage(started);
  const memoryBytes = Math.round(((await inUse()) - before) / loaded.length);
  // The next measurement must not see them go.
  loaded.length = 0;
  results[name] = {
    savedBytes: saved.length,
    savedBytesPerSeries: Math.round((ofMany.length - saved.length) / (many - 1)),
    memoryBytes,
    loadMicros: Math.round((user + system) / copies),
  };
}
console.log(`One series of ${rows} rows, season ${season}, horizon ${horizon}\n`);
console.log("| model | saved, one series | each further series | loaded | to load |\n|---|---|---|---|---|");
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`;
for (const [name, { savedBytes, savedBytesPerSeries, memoryBytes, loadMicros }] of Object.entries(results))
  console.log(
    `| ${name} | ${kilobytes(savedBytes)} | ${kilobytes(savedBytesPerSeries)} | ${kilobytes(memoryBytes)} | ${loadMicros} us |`,
  );
const node = process.versions.node;
writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify({ node, rows, season, horizon, results }, null, 2)}\n`,
);
