// Point-in-time join of 1,000,000 feature rows with 100,000 spine rows, from files to joined columns, beside pandas and polars.
// Run: python3 -m venv .services/pit-join && .services/pit-join/bin/pip install pandas==3.1.1 polars==2.1.0 pyarrow
//      npx tsx --conditions=@tsops/source bench/pit-join/run.ts [--rounds 5] [--json file]
// Every round starts each contender in a process of its own, one after the other, so that a busy moment of the machine meets all.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Columns } from "@tsops/core";
import { createTable, openEngine, quotePath } from "@tsops/store";
import { inputColumns, readings, size } from "./input.ts";

const { values: args } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, json: { type: "string" } },
});
const rounds = Number(args.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`--rounds ${args.rounds} is no count.`);
/** Joins in a process: the first warms up and is left out. */
const repeats = 3;
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const python = here("../../.services/pit-join/bin/python");
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
const [featuresFile, spineFile] = [join(directory, "features.parquet"), join(directory, "spine.parquet")];

interface Measured {
  readonly times: readonly number[];
  readonly cpuTimes?: readonly number[];
  readonly peakMb: number;
  readonly observeMs?: number;
  readonly version?: string;
}

async function writeInput(): Promise<void> {
  const { feature, asked } = inputColumns();
  const engine = await openEngine({ threads: 2 });
  const delta = await createTable(join(directory, "readings"), readings, { engine });
  await delta.append(feature);
  await engine.use(async (session) => {
    await session.load("features", feature as Columns);
    await session.load("spine", asked as Columns);
    await session.run(`COPY features TO ${quotePath(featuresFile)} (FORMAT parquet)`);
    await session.run(`COPY spine TO ${quotePath(spineFile)} (FORMAT parquet)`);
  });
  await engine.close();
}

function ours(name: string): Measured {
  const args = [
    "--conditions=@tsops/source",
    "--import",
    "tsx",
    here("tsops.ts"),
    join(directory, "readings"),
    name,
    String(repeats),
  ];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measured;
}

function peer(library: string): Measured {
  return JSON.parse(
    execFileSync(python, [here("peer.py"), library, featuresFile, spineFile, String(repeats)], {
      encoding: "utf8",
    }),
  ) as Measured;
}

const round = (value: number): number => Number(value.toPrecision(3));

/** The same work by several contenders, in turn; ours comes first, and ratios are its time over theirs. */
function interleaved(name: string, contenders: Readonly<Record<string, () => Measured>>): object {
  const runs = new Map<string, Measured[]>(Object.keys(contenders).map((contender) => [contender, []]));
  for (let i = 0; i < rounds; i++)
    for (const [contender, measure] of Object.entries(contenders)) runs.get(contender)?.push(measure());
  const result: Record<string, Summary> = {};
  for (const [contender, measured] of runs) result[contender] = summary(measured, result["tsops"]);
  for (const [contender, shown] of Object.entries(result))
    process.stdout.write(
      `${name}, ${contender}: min ${shown.minimumMs} ms, median ${shown.medianMs} ms, ${shown.millionRowsPerSecond} M feature rows/s, peak ${shown.peakMb} MB${shown.tsopsRatio === undefined ? "" : `, tsops takes ${shown.tsopsRatio} of its time (${shown.tsopsCpuRatio} of its processor time)`}\n`,
    );
  return result;
}

interface Summary {
  readonly version?: string;
  readonly minimumMs: number;
  readonly medianMs: number;
  readonly minimumCpuMs: number;
  /** Feature rows in the median time. */
  readonly millionRowsPerSecond: number;
  readonly peakMb: number;
  /** Median time of tsops over this one. */
  readonly tsopsRatio?: number;
  /** Least processor time of tsops over this one. */
  readonly tsopsCpuRatio?: number;
}

function summary(runs: readonly Measured[], tsops?: Summary): Summary {
  const sorted = runs.flatMap(({ times }) => times.slice(1)).sort((a, b) => a - b);
  const medianMs = sorted[Math.floor(sorted.length / 2)] as number;
  const minimumCpuMs = Math.min(...runs.flatMap(({ cpuTimes = [] }) => cpuTimes.slice(1)));
  const [{ version }] = runs as readonly [Measured];
  return {
    ...(version === undefined ? {} : { version }),
    minimumMs: round(sorted[0] as number),
    medianMs: round(medianMs),
    minimumCpuMs: round(minimumCpuMs),
    millionRowsPerSecond: round(size.rows / medianMs / 1000),
    peakMb: round(Math.max(...runs.map(({ peakMb }) => peakMb))),
    ...(tsops === undefined
      ? {}
      : {
          tsopsRatio: round(tsops.medianMs / medianMs),
          tsopsCpuRatio: round(tsops.minimumCpuMs / minimumCpuMs),
        }),
  };
}

if (!existsSync(python)) throw new Error(`There is no ${python}: see the first lines of run.ts.`);
const results: Record<string, object> = {};
try {
  await writeInput();
  const byTime = "3 columns, by event time";
  results[byTime] = interleaved(byTime, {
    tsops: () => ours(byTime),
    pandas: () => peer("pandas"),
    polars: () => peer("polars"),
  });
  for (const name of [
    "3 columns, as known at the spine time",
    "7 day mean, as known at the spine time",
    "7 day sum, mean, max and std, as known at the spine time",
    "30 day mean, as known at the spine time",
  ])
    results[name] = interleaved(name, { tsops: () => ours(name) });
  const online = ours("online");
  process.stdout.write(
    `online: ${round(size.rows / (online.observeMs as number) / 1000)} M rows/s observed\n`,
  );
  const sorted = online.times.toSorted((a, b) => a - b);
  results["online: 1 column and a 1 day mean over 33 rows, 1 spine row a lookup"] = {
    observeMillionRowsPerSecond: round(size.rows / (online.observeMs as number) / 1000),
    medianLookupMicros: round((sorted[Math.floor(sorted.length / 2)] as number) * 1000),
    p99LookupMicros: round((sorted[Math.floor(sorted.length * 0.99)] as number) * 1000),
  };
} finally {
  rmSync(directory, { recursive: true });
}
const machine = `${cpus()[0]?.model}, ${cpus().length} cores`;
const load = round(loadavg()[0] as number);
if (args.json !== undefined)
  writeFileSync(
    args.json,
    `${JSON.stringify({ machine, node: process.version, loadAverage: load, ...size, rounds, repeats, results }, null, 2)}\n`,
  );
