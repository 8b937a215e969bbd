// False promotions of experiments looked at after every outcome for 52 weeks, simulated and on real replays, beside a test of fixed size that
// is looked at as often; power and days to a verdict.
// Run: npm run bench -- experiment
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { measureReplays } from "./replay.ts";
import { measureSimulated } from "./simulated.ts";

const repeats = 1000;
const simulated = measureSimulated(repeats);
const replays = await measureReplays(repeats / 2);

writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify({ machine: `${cpus()[0]?.model}, ${cpus().length} cores`, node: process.version, repeats, simulated, ...replays }, null, 2)}\n`,
);
