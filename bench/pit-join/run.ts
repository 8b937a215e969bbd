// Point-in-time join of 1,000,000 feature rows with 100,000 spine rows, from files to joined columns, beside pandas and polars.
// Run: python3 -m venv .services/pit-join && .services/pit-join/bin/pip install pandas==3.1.1 polars==2.1.0 pyarrow
//      npx tsx --conditions=@tsops/source bench/pit-join/run.ts
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Columns } from "@tsops/core";
import { createTable, openEngine, quotePath } from "@tsops/store";
import { inputColumns, readings, size } from "./input.ts";

const repeats = 7;
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
function summary({ times, cpuTimes = [], peakMb, version }: Measured): object {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    ...(version === undefined ? {} : { version }),
    minimumMs: round(sorted[0] as number),
    medianMs: round(sorted[Math.floor(sorted.length / 2)] as number),
    minimumCpuMs: round(Math.min(...cpuTimes)),
    peakMb: round(peakMb),
  };
}

if (!existsSync(python)) throw new Error(`There is no ${python}: see the first lines of run.ts.`);
const results: Record<string, object> = {};
try {
  await writeInput();
  const byTime = "3 columns, by event time";
  results[byTime] = {
    tsops: summary(ours(byTime)),
    pandas: summary(peer("pandas")),
    polars: summary(peer("polars")),
  };
  for (const name of [
    "3 columns, as known at the spine time",
    "7 day mean, as known at the spine time",
    "7 day sum, mean, max and std, as known at the spine time",
    "30 day mean, as known at the spine time",
  ])
    results[name] = { tsops: summary(ours(name)) };
  const online = ours("online");
  const sorted = online.times.toSorted((a, b) => a - b);
  results["online: 1 column and a 1 day mean over 33 rows, 1 spine row a lookup"] = {
    observeMillionRowsPerSecond: round(size.rows / (online.observeMs as number) / 1000),
    medianLookupMicros: round((sorted[Math.floor(sorted.length / 2)] as number) * 1000),
    p99LookupMicros: round((sorted[Math.floor(sorted.length * 0.99)] as number) * 1000),
  };
} finally {
  rmSync(directory, { recursive: true });
}
for (const [name, result] of Object.entries(results))
  process.stdout.write(`${name}: ${JSON.stringify(result)}\n`);
const machine = `${cpus()[0]?.model}, ${cpus().length} cores`;
const load = round(loadavg()[0] as number);
writeFileSync(
  here("results.json"),
  `${JSON.stringify({ machine, node: process.version, loadAverage: load, ...size, repeats, results }, null, 2)}\n`,
);
