// npm run bench:forecast -- --data <file.parquet> --horizon H --season m[,m2] [--models a,b] [--conformal folds] [--equal-coverage] [--peers] [--sample 20] [--python path] [--json]
// --equal-coverage adds the factors by which all intervals of a contender, of 80 and of 95 %, are multiplied to hold exactly that, and their mean widths then.
// --sample bounds the series of a peer that takes seconds for each (AutoARIMA); the model of tsops is then measured on these series as well.
// --conformal gives the models the intervals of conformal(model, { folds, by: "scaled" }) in the place of their own.
// Models of single series and their peers have one thread, the others all cores.
// Peers: python3 -m venv .services/statsforecast && .services/statsforecast/bin/pip install statsforecast==2.1.1 mlforecast==1.1.0 lightgbm pyarrow
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type BenchModel, models } from "./models.ts";
import { type BenchSeries, readTable, sampleOf, TableError } from "./read-table.ts";
import { type EqualCoverage, type Errors, errorsOf, type Forecasts, type Score, score } from "./score.ts";

const { values: args } = parseArgs({
  options: {
    data: { type: "string" },
    horizon: { type: "string" },
    season: { type: "string" },
    models: { type: "string" },
    conformal: { type: "string" },
    "equal-coverage": { type: "boolean", default: false },
    sample: { type: "string", default: "20" },
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
const isCount = (text: string): boolean => Number.isInteger(Number(text)) && Number(text) > 0;
const horizon = Number(args.horizon);
const seasons = (seasonText ?? "").split(",").map(Number);
const season = seasons[0] as number;
if (
  data === undefined ||
  ![args.horizon ?? "", ...(seasonText ?? "").split(","), args.sample, args.conformal ?? "1"].every(isCount)
)
  refuse(
    "usage: npm run bench:forecast -- --data <file.parquet> --horizon H --season m[,m2] [--models a,b] [--conformal folds] [--equal-coverage] [--peers] [--sample 20] [--json]\n" +
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

/** All series, or an even sample of them, with the errors of Naive2 on the same. */
interface Subject {
  readonly series: readonly BenchSeries[];
  readonly reference: Errors;
  readonly size: readonly string[];
}
const tsops = (name: string, size: Subject["size"] = []) =>
  measure(process.execPath, [
    "--import",
    "tsx",
    "--conditions=@tsops/source",
    here("./tsops.ts"),
    "--model",
    name,
    ...size,
    // The reference has no intervals that count.
    ...(args.conformal === undefined || name === "naive2" ? [] : ["--conformal", args.conformal]),
  ]);
const naive2 = tsops("naive2");
if (naive2 === null) process.exit(1);
const subject = (some: readonly BenchSeries[], size: Subject["size"]): Subject => {
  const taken = new Set(some);
  const mean = naive2.mean.filter((_, row) => taken.has(series[Math.floor(row / horizon)] as BenchSeries));
  return { series: some, reference: errorsOf(some, mean, { horizon, season }), size };
};
const all = subject(series, []);
const sample = subject(sampleOf(series, Number(args.sample)), ["--sample", args.sample]);
const isSmaller = sample.series.length < series.length;

const scores: Score[] = [];
function add(name: string, forecasts: Forecasts | null, of: Subject, ours?: Score): Score | undefined {
  if (forecasts === null) return;
  const shown = of === all ? name : `${name}, ${of.series.length} series`;
  const row = score(shown, of.series, forecasts, { horizon, season }, of.reference, ours);
  scores.push(row);
  const { unforecast, unscaled } = row;
  if (!args.json) console.log(line(row));
  if (unforecast > 0)
    process.stderr.write(
      `${name} has no forecast of some steps of ${unforecast} series: its errors leave them out.\n`,
    );
  if (unscaled > 0 && !args.json && scores.length === 1)
    console.log(`(${unscaled} series repeat themselves exactly and have no MASE)`);
  return row;
}
const peers = new Set<string>();
/** Once, also where several models have the same. */
function addPeer(peer: string, of: Subject, ours?: Score): void {
  if (peers.has(peer)) return;
  peers.add(peer);
  add(peer, measure(args.python, [here("./peer.py"), "--model", peer, ...of.size]), of, ours);
}
if (!args.json) {
  console.log(
    `${series.length} series, horizon ${horizon}, season ${seasons.join(", ")}; Naive2: sMAPE ${all.reference.smape.toFixed(3)}, MASE ${all.reference.mase.toFixed(3)}\n`,
  );
  console.log(head());
}
for (const name of asked) {
  const {
    peer,
    slowPeer = false,
    needsSeason = false,
  } = models.find((model) => model.name === name) as BenchModel;
  if (needsSeason && !seasons.some((length) => length > 1)) {
    process.stderr.write(`${name} takes a season of more than one step: it is left out.\n`);
    continue;
  }
  const ours = add(name, name === "naive2" ? naive2 : tsops(name), all);
  if (!args.peers || peer === undefined) continue;
  if (slowPeer && isSmaller) addPeer(peer, sample, add(name, tsops(name, sample.size), sample));
  else addPeer(peer, all, ours);
}
if (args.peers && args.models === undefined) addPeer("LightGBM", all);
if (args.json) console.log(JSON.stringify(scores, null, 2));

function head(): string {
  const equal = args["equal-coverage"] ? "  80 %: factor, width   95 %: factor, width" : "";
  return `${"model".padEnd(35)}  sMAPE    MASE    OWA   80 % (halves)  width   95 % (halves)  width${equal}  seconds    cpu s  series/s  peak MB  cpu s by ours`;
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
  const equal = (made: EqualCoverage | null) =>
    made === null ? "-".padStart(22) : number(made.factor, 3, 14) + number(made.width, 2, 8);
  const intervals = [
    interval(row.coverage80, row.halves80, row.width80),
    interval(row.coverage95, row.halves95, row.width95),
    ...(args["equal-coverage"] ? [equal(row.equal80), equal(row.equal95)] : []),
  ];
  const ratio = row.timesOurs === undefined ? "" : `${row.timesOurs.toFixed(1)} x`.padStart(15);
  return `${row.model.padEnd(35)}${number(row.smape, 3, 7)} ${number(row.mase, 3, 7)} ${number(row.owa, 3, 6)} ${intervals.join(" ")} ${number(row.seconds, 2, 8)} ${number(row.cpuSeconds, 3, 8)} ${number(row.seriesPerSecond, 1, 9)} ${number(row.peakMb, 0, 8)}${ratio}`;
}
