// How often driftTest and streamingDrift alarm on many kinds of series in which nothing changed. Each kind has its own seeds, `<seed>/<name>/<repeat>`.
// Run: npm run bench -- drift-survey [--part windows|streams] [--only text] [--reps 240] [--seed drift-survey]
// What is measured replaces what results.json has of the same name and part.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { processes } from "./processes.ts";
import { measuredStreams } from "./streams.ts";
import { measuredWindows } from "./windows.ts";

const { values: args } = parseArgs({
  options: {
    part: { type: "string" },
    only: { type: "string", default: "" },
    reps: { type: "string", default: "240" },
    seed: { type: "string", default: "drift-survey" },
  },
});
const parts = { windows: measuredWindows, streams: measuredStreams };
const reps = Number(args.reps);
const chosen = Object.entries(processes).filter(([name]) => name.includes(args.only));
if (!Number.isInteger(reps) || reps < 1) throw new Error(`--reps ${args.reps} is no number of repetitions.`);
if (args.part !== undefined && !(args.part in parts))
  throw new Error(`--part is windows or streams, not ${args.part}.`);
if (chosen.length === 0) throw new Error(`No process has "${args.only}" in its name.`);

const file = new URL("results.json", import.meta.url);
const saved = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
for (const [part, measure] of Object.entries(parts)) {
  if (args.part !== undefined && args.part !== part) continue;
  for (const [name, process] of chosen) {
    const found = measure(name, process, reps, args.seed);
    if (found === null) continue;
    saved[part] ??= {};
    saved[part][name] = { seed: args.seed, ...found };
    const others = Object.entries(found.also).map(([what, share]) => `${what} ${percent(share)}`);
    console.log(`| ${part} | ${name} | ${percent(found.alarms)} of ${found.tested} | ${others.join(", ")} |`);
    const machine = { machine: cpus()[0]?.model, node: globalThis.process.version };
    writeFileSync(file, `${JSON.stringify({ ...saved, ...machine }, null, 2)}\n`);
  }
}
