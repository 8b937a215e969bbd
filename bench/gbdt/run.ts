// npm run bench -- gbdt [--rounds 5] [--threads 1] [--case "many trees"] [--python path] [--json file]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cases, type Measured, makeInput } from "./cases.ts";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    case: { type: "string" },
    python: { type: "string", default: "python3" },
    json: { type: "string" },
    threads: { type: "string", default: "1" },
  },
});
const rounds = Number(args.rounds);
const chosen = cases.filter(({ name }) => args.case === undefined || name === args.case);
if (!(rounds >= 1) || chosen.length === 0)
  throw new RangeError(`Nothing to run; cases are ${cases.map(({ name }) => `"${name}"`).join(", ")}.`);

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const threads = args.threads;
const environment = { ...process.env, OMP_NUM_THREADS: threads };
const peerFound = spawnSync(args.python, ["-c", "import lightgbm, numpy"]).status === 0;
if (!peerFound)
  process.stderr.write(
    `\n*** THE PEER IS NOT INSTALLED: "${args.python}" cannot import lightgbm and numpy. ***\n*** Only tsops is measured; there are no ratios. ***\n*** Install it (python -m venv venv && venv/bin/pip install lightgbm numpy) and pass --python venv/bin/python. ***\n\n`,
  );

function measure(command: string, commandArgs: readonly string[]): Measured {
  const child = spawnSync(command, commandArgs, { env: environment, encoding: "utf8", maxBuffer: 1 << 24 });
  if (child.status !== 0) throw new Error(`${command} ${commandArgs.join(" ")} failed:\n${child.stderr}`);
  return JSON.parse(child.stdout) as Measured;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] as number) + (sorted[sorted.length >> 1] as number)) / 2;
};
const summary = (runs: readonly Measured[], of: (run: Measured) => number) => ({
  min: Math.min(...runs.map(of)),
  median: median(runs.map(of)),
});

const folder = mkdtempSync(join(tmpdir(), "tsops-bench-gbdt-"));
const results: unknown[] = [];
try {
  for (const bench of chosen) {
    const input = join(folder, "input.bin");
    writeFileSync(input, makeInput(bench));
    const runs: { tsops: Measured[]; peer: Measured[] } = { tsops: [], peer: [] };
    for (let round = 0; round < rounds; round++) {
      const node = ["--import", "tsx", "--conditions=@tsops/source", here("./tsops.ts"), input, threads];
      runs.tsops.push(measure(process.execPath, node));
      if (peerFound) runs.peer.push(measure(args.python, [here("./peer.py"), input, threads]));
    }
    const { rows, trees } = bench;
    const columns = bench.numeric + bench.categorical;
    print(
      `\n${bench.name}: ${rows} rows x ${columns} columns, ${trees} trees of ${bench.leaves} leaves, ${bench.loss} loss, ${threads} thread(s), ${rounds} rounds`,
    );
    const result: Record<string, unknown> = { case: bench };
    for (const [side, sideRuns] of Object.entries(runs)) {
      if (sideRuns.length === 0) continue;
      const figures = {
        version: sideRuns[0]?.version,
        fitMs: summary(sideRuns, (run) => run.fitMs),
        refitMs: summary(sideRuns, (run) => run.refitMs),
        fitCpuMs: summary(sideRuns, (run) => run.fitCpuMs),
        predictMicrosPerRow: summary(sideRuns, (run) => (run.predictMs * 1000) / run.testRows),
        microsForOneRow: summary(sideRuns, (run) => run.rowMicros),
        peakRssMb: summary(sideRuns, (run) => run.peakRssMb),
        fitRssMb: summary(sideRuns, (run) => run.peakRssMb - run.rssBeforeMb),
        error: sideRuns[0]?.error,
      };
      result[side] = figures;
      const rowsPerSecond = (0.9 * rows * trees) / (figures.fitMs.min / 1000);
      print(`  ${side.padEnd(6)}${figures.version}`);
      print(
        `    fit ${both(figures.fitMs)} ms, again ${both(figures.refitMs)} ms, cpu ${both(figures.fitCpuMs)} ms; ${(rowsPerSecond / 1e6).toFixed(1)} M rows x trees/s`,
      );
      print(
        `    predict ${both(figures.predictMicrosPerRow)} us/row, ${both(figures.microsForOneRow, 1)} us for one row by itself; peak RSS ${both(figures.peakRssMb)} MiB, ${both(figures.fitRssMb)} of it since the fit began; test error ${figures.error?.toFixed(4)}`,
      );
    }
    if (peerFound) {
      const ratio = (of: (run: Measured) => number) => ({
        min: summary(runs.tsops, of).min / summary(runs.peer, of).min,
        median: summary(runs.tsops, of).median / summary(runs.peer, of).median,
      });
      const ratios = {
        fit: ratio((run) => run.fitMs),
        refit: ratio((run) => run.refitMs),
        cpu: ratio((run) => run.fitCpuMs),
        predict: ratio((run) => run.predictMs),
        error: (runs.tsops[0]?.error as number) / (runs.peer[0]?.error as number),
      };
      result["ratio"] = ratios;
      print(
        `  tsops / LightGBM: fit ${both(ratios.fit, 2)}, again ${both(ratios.refit, 2)}, cpu ${both(ratios.cpu, 2)}, predict ${both(ratios.predict, 2)}, test error ${ratios.error.toFixed(3)}  (min, median)`,
      );
    }
    results.push(result);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (args.json !== undefined) {
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
  };
  writeFileSync(
    args.json,
    `${JSON.stringify({ machine, rounds, threads: Number(threads), results }, null, 2)}\n`,
  );
}
if (!peerFound) process.exitCode = 1;

function both({ min, median: middle }: { min: number; median: number }, digits = 0): string {
  return `${min.toFixed(digits)} / ${middle.toFixed(digits)}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
