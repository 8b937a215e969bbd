// npm run bench:forecast -- --data <file.parquet> --horizon H --season m[,m2] [--models a,b] [--conformal folds] [--peers] [--python path] [--json]
// --conformal gives the models the intervals of conformal(model, { folds, by: "scaled" }) in the place of their own.
// Models of single series and their peers have one thread, the others all cores.
// Peers: python3 -m venv .services/statsforecast && .services/statsforecast/bin/pip install statsforecast==2.1.1 mlforecast==1.1.0 lightgbm pyarrow
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BenchModel, models } from "./models.ts";
import { readTable, TableError } from "./read-table.ts";
import { errorsOf, type Forecasts, type Score, score } from "./score.ts";

const { values: args } = parseArgs({
  options: {
    data: { type: "string" },
    horizon: { type: "string" },
    season: { type: "string" },
    models: { type: "string" },
    conformal: { type: "string" },
    peers: { type: "boolean", default: false },
    python: {
      type: "string",
      default: fileURLToPath(new URL("../../.services/statsforecast/bin/python", import.meta.url)),
    },
    json: { type: "boolean", default: false },
  },
});

function refuse(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(64);
}

const { data, season: seasonText } = args;
const horizon = Number(args.horizon);
const seasons = (seasonText ?? "").split(",").map(Number);
const season = seasons[0] as number;
if (
  data === undefined ||
  !(Number.isInteger(horizon) && horizon > 0) ||
  !seasons.every((m) => Number.isInteger(m) && m > 0) ||
  (args.conformal !== undefined && !(Number.isInteger(Number(args.conformal)) && Number(args.conformal) > 0))
)
  refuse(
    "usage: npm run bench:forecast -- --data <file.parquet> --horizon H --season m[,m2] [--models a,b] [--conformal folds] [--peers] [--json]\n" +
      `models: ${models.map(({ name }) => name).join(", ")}`,
  );
if (!existsSync(data)) refuse(`There is no file ${data}.`);
const asked = args.models?.split(",") ?? models.map(({ name }) => name);
const unknown = asked.find((name) => !models.some((model) => model.name === name));
if (unknown !== undefined)
  refuse(`There is no model "${unknown}"; there are ${models.map(({ name }) => name).join(", ")}.`);
if (args.peers && !existsSync(args.python))
  refuse(`The peers are not installed: there is no ${args.python}. See the head of bench/forecast/run.ts.`);

const { series } = await readTable(data, season).catch((error) => {
  if (error instanceof TableError) refuse(error.message);
  throw error;
});
const short = series.filter(({ test }) => test.length !== horizon).map(({ id }) => id);
if (short.length > 0)
  refuse(`${short.length} series have other than ${horizon} test rows: ${short.slice(0, 5).join(", ")}.`);

const common = ["--data", data, "--horizon", String(horizon), "--season", seasons.join(",")];
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
/** Peers must not use more threads than the models they are compared with. */
const environment = { ...process.env, OMP_NUM_THREADS: "1", NIXTLA_ID_AS_COL: "1" };

function measure(command: string, commandArguments: readonly string[]): Forecasts | null {
  const child = spawnSync(command, [...commandArguments, ...common], {
    env: environment,
    encoding: "utf8",
    maxBuffer: 1 << 30,
  });
  if (child.status === 0)
    return JSON.parse(child.stdout.slice(child.stdout.lastIndexOf("\n{") + 1)) as Forecasts;
  process.stderr.write(`${command} ${commandArguments.join(" ")} failed:\n${child.stderr.slice(-2000)}\n`);
  process.exitCode = 1;
  return null;
}

const tsops = (name: string) =>
  measure(process.execPath, [
    "--import",
    "tsx",
    "--conditions=@tsops/source",
    here("./tsops.ts"),
    "--model",
    name,
    // The reference has no intervals that count.
    ...(args.conformal === undefined || name === "naive2" ? [] : ["--conformal", args.conformal]),
  ]);
const naive2 = tsops("naive2");
if (naive2 === null) process.exit(1);
const reference = errorsOf(series, naive2.mean, { horizon, season });
const scores: Score[] = [];
const add = (name: string, forecasts: Forecasts | null) => {
  if (forecasts === null) return;
  const row = score(name, series, forecasts, { horizon, season }, reference);
  scores.push(row);
  const { unforecast, unscaled } = row;
  if (!args.json) console.log(line(row));
  if (unforecast > 0)
    process.stderr.write(
      `${name} has no forecast of some steps of ${unforecast} series: its errors leave them out.\n`,
    );
  if (unscaled > 0 && !args.json && scores.length === 1)
    console.log(`(${unscaled} series repeat themselves exactly and have no MASE)`);
};
const peers = new Set<string>();
/** Once, also where several models have the same. */
function addPeer(peer: string): void {
  if (peers.has(peer)) return;
  peers.add(peer);
  add(peer, measure(args.python, [here("./peer.py"), "--model", peer]));
}
if (!args.json) {
  console.log(
    `${series.length} series, horizon ${horizon}, season ${seasons.join(", ")}; Naive2: sMAPE ${reference.smape.toFixed(3)}, MASE ${reference.mase.toFixed(3)}\n`,
  );
  console.log(head());
}
for (const name of asked) {
  const { peer, needsSeason = false } = models.find((model) => model.name === name) as BenchModel;
  if (needsSeason && !seasons.some((length) => length > 1)) {
    process.stderr.write(`${name} takes a season of more than one step: it is left out.\n`);
    continue;
  }
  add(name, name === "naive2" ? naive2 : tsops(name));
  if (args.peers && peer !== undefined) addPeer(peer);
}
if (args.peers && args.models === undefined) addPeer("LightGBM");
if (args.json) console.log(JSON.stringify(scores, null, 2));

function head(): string {
  return `${"model".padEnd(24)}  sMAPE    MASE    OWA   80 % (halves)  width   95 % (halves)  width  seconds  series/s  peak MB`;
}

function line(row: Score): string {
  const number = (value: number, digits: number, width: number) => value.toFixed(digits).padStart(width);
  const interval = (
    coverage: number | null,
    halves: readonly [number, number] | null,
    width: number | null,
  ) =>
    coverage === null || halves === null || width === null
      ? "-".padStart(22)
      : `${number(coverage, 1, 5)} (${halves.map((half) => half.toFixed(0)).join("/")})`.padStart(15) +
        number(width, 2, 7);
  return `${row.model.padEnd(24)}${number(row.smape, 3, 7)} ${number(row.mase, 3, 7)} ${number(row.owa, 3, 6)} ${interval(row.coverage80, row.halves80, row.width80)} ${interval(row.coverage95, row.halves95, row.width95)} ${number(row.seconds, 2, 8)} ${number(row.seriesPerSecond, 1, 9)} ${number(row.peakMb, 0, 8)}`;
}
