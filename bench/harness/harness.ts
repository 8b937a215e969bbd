// Compares tsops with its peers on the same input in the same run: each contender in a process of its own, round after round in turn,
// so that what else the machine does disturbs all of them alike.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { arch, cpus, loadavg, platform, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

/** A process that measures itself with measured.ts or measured.py. */
export interface Contender {
  readonly command: string;
  readonly args: readonly string[];
  /** Rounds that it takes part in, where it takes minutes. Default: all. */
  readonly rounds?: number;
}

/** What one process printed. */
interface Measured {
  readonly version: string;
  readonly peakMb: number;
  readonly times: Readonly<Record<string, readonly number[]>>;
  readonly cpuTimes: Readonly<Record<string, readonly number[]>>;
}

/** How much work one repeat of a case is: its count per second is the rate. */
export interface Work {
  readonly count: number;
  readonly unit: string;
}

/** Figures of one contender at one case, over all rounds. Peak memory is the whole process's. */
export interface Figures {
  readonly version: string;
  readonly minimumMs: number;
  readonly medianMs: number;
  readonly minimumCpuMs: number;
  readonly perSecond: string;
  readonly peakMb: number;
  /** Minimum and median of tsops divided by those of this peer: below 1, tsops is faster. Absent for tsops itself. */
  readonly ratio?: { readonly minimum: number; readonly median: number };
}

/** By case, then by contender. */
export type Comparison = Record<string, Record<string, Figures>>;

/** A script of this repository that runs on the sources. */
export function node(script: URL, ...args: (string | number)[]): Contender {
  const options = ["--conditions=@tsops/source", "--import", "tsx"];
  return { command: process.execPath, args: [...options, fileURLToPath(script), ...args.map(String)] };
}

/**
 * A Python script of a peer.
 * @param interpreter - Below the root of the repository, e.g. ".services/deltalake/venv-1.6.6/bin/python".
 * @param install - The command that makes it.
 */
export function python(
  { interpreter, install }: { readonly interpreter: string; readonly install: string },
  script: URL,
  ...args: (string | number)[]
): Contender {
  const command = fileURLToPath(new URL(`../../${interpreter}`, import.meta.url));
  if (!existsSync(command)) throw new Error(`The peer is not installed. Run: ${install}`);
  return { command, args: [fileURLToPath(script), ...args.map(String)] };
}

/**
 * Metrics with MLflow's own Python client.
 * @param target - A server's URL, or a folder for a SQLite file: a new one for each process is made in it.
 * @param single - How many metrics a repeat of "metrics, one a call" logs.
 */
export function mlflowPeer(target: string, repeats: number, single: number): Contender {
  const peer = {
    interpreter: ".services/mlflow/venv-3.17.2/bin/python",
    install: "scripts/services/mlflow.sh install",
  };
  return python(peer, new URL("mlflow_peer.py", import.meta.url), target, repeats, single);
}

/** Runs the contenders in turn, `rounds` times, and prints each case with its figures. */
export function compare(
  contenders: Readonly<Record<string, Contender>>,
  { rounds, work }: { readonly rounds: number; readonly work: Readonly<Record<string, Work>> },
): Comparison {
  const measured: Record<string, Measured[]> = {};
  const harness = fileURLToPath(new URL(".", import.meta.url));
  for (let round = 0; round < rounds; round++)
    for (const [name, { command, args, rounds: own = rounds }] of Object.entries(contenders)) {
      if (round >= own) continue;
      const output = execFileSync(command, args, {
        encoding: "utf8",
        maxBuffer: 1 << 26,
        env: { ...process.env, PYTHONPATH: harness },
        stdio: ["ignore", "pipe", "inherit"],
      });
      measured[name] ??= [];
      measured[name].push(JSON.parse(output.slice(output.lastIndexOf('{"version"'))) as Measured);
    }
  const comparison: Comparison = {};
  for (const [name, amount] of Object.entries(work)) {
    const figures: Record<string, Figures> = {};
    for (const [contender, runs] of Object.entries(measured))
      if (runs.some(({ times }) => times[name] !== undefined))
        figures[contender] = against(figures["tsops"], figuresOf(runs, name, amount));
    comparison[name] = figures;
    print(name, figures);
  }
  return comparison;
}

function figuresOf(runs: readonly Measured[], name: string, { count, unit }: Work): Figures {
  const sorted = runs.flatMap(({ times }) => times[name] ?? []).sort((a, b) => a - b);
  const minimum = sorted[0] as number;
  return {
    version: runs[0]?.version as string,
    minimumMs: round(minimum),
    medianMs: round(sorted[Math.floor(sorted.length / 2)] as number),
    minimumCpuMs: round(Math.min(...runs.flatMap(({ cpuTimes }) => cpuTimes[name] ?? []))),
    perSecond: `${round((count / minimum) * 1000)} ${unit}/s`,
    peakMb: round(Math.max(...runs.map(({ peakMb }) => peakMb))),
  };
}

function against(tsops: Figures | undefined, peer: Figures): Figures {
  if (tsops === undefined) return peer;
  const minimum = round(tsops.minimumMs / peer.minimumMs);
  return { ...peer, ratio: { minimum, median: round(tsops.medianMs / peer.medianMs) } };
}

function print(name: string, figures: Readonly<Record<string, Figures>>): void {
  console.log(`\n${name}`);
  for (const [contender, { version, minimumMs, medianMs, perSecond, peakMb, ratio }] of Object.entries(
    figures,
  ))
    console.log(
      `  ${`${contender} (${version})`.padEnd(28)} min ${minimumMs} ms, median ${medianMs} ms, ${perSecond}, peak ${peakMb} MiB` +
        (ratio === undefined ? "" : `; tsops takes ${ratio.minimum} x (median ${ratio.median} x) its time`),
    );
}

/** Writes the figures with the machine they were measured on. */
export function save(file: URL, settings: object, results: Comparison): void {
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()} ${arch()}`,
    node: process.versions.node,
    loadAverage: round(loadavg()[0] as number),
  };
  writeFileSync(file, `${JSON.stringify({ machine, ...settings, results }, null, 2)}\n`);
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
