// False promotions of experiments looked at after every outcome for 52 weeks, simulated and on real replays, beside a test of fixed size that
// is looked at as often; power and days to a verdict.
// Run: npm run bench -- experiment [repeats, default 1,000] [simulated: leaves the replays as they are]
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { measureReplays } from "./replay.ts";
import { measureSimulated } from "./simulated.ts";

const repeats = Number(process.argv[2] ?? 1000);
const file = new URL("results.json", import.meta.url);
const simulated = measureSimulated(repeats);
const replays =
  process.argv[3] === "simulated"
    ? JSON.parse(readFileSync(file, "utf8"))
    : await measureReplays(Math.round(repeats / 2));

writeFileSync(
  file,
  `${JSON.stringify({ ...replays, machine: `${cpus()[0]?.model}, ${cpus().length} cores`, node: process.version, repeats, simulated }, null, 2)}\n`,
);
