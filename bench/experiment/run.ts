// False promotions of experiments looked at after every outcome for 52 weeks, simulated and on real replays, beside a test of fixed size that
// is looked at as often; power and days to a verdict.
// Run: npm run bench -- experiment [repeats, default 1,000; half as many replays] [simulated or replays: leaves the other as it is]
import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { measureReplays } from "./replay.ts";
import { measureSimulated } from "./simulated.ts";

const repeats = Number(process.argv[2] ?? 1000);
const only = process.argv[3];
const file = new URL("results.json", import.meta.url);
const kept = only === undefined ? {} : JSON.parse(readFileSync(file, "utf8"));
const machine = `${cpus()[0]?.model}, ${cpus().length} cores`;
const simulated =
  only === "replays" ? {} : { machine, node: process.version, repeats, simulated: measureSimulated(repeats) };
const replays = only === "simulated" ? {} : await measureReplays(Math.round(repeats / 2));

writeFileSync(file, `${JSON.stringify({ ...kept, ...replays, ...simulated }, null, 2)}\n`);
