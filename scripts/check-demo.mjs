// Runs the demo twice: both runs must print the same numbers, and they must keep what the README says of them.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

function runDemo() {
  const started = performance.now();
  const { status, stdout } = spawnSync("npm", ["run", "--silent", "demo"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) {
    console.error(stdout);
    process.exit(1);
  }
  const seconds = (performance.now() - started) / 1000;
  return { stdout, seconds, summary: JSON.parse(readFileSync(".tsops-demo/summary.json", "utf8")) };
}

const first = runDemo();
console.log(first.stdout);
const second = runDemo();
console.log(`The demo took ${first.seconds.toFixed(1)} s and ${second.seconds.toFixed(1)} s.`);

const problems = [];
const all = first.summary.quarters.find((line) => line.quarter === "all");
if (first.stdout !== second.stdout) problems.push("Two runs of the demo printed different things.");
if (!(all.loop <= 39.2)) problems.push(`The loop's mean absolute error is ${all.loop}, not at most 39.2.`);
if (!(all.retrainings <= 10)) problems.push(`The loop retrained ${all.retrainings} times, not at most 10.`);
for (const { quarter, coverage80, coverage95 } of first.summary.quarters) {
  if (Math.abs(coverage80 - 0.8) > 0.04)
    problems.push(`The 80 % intervals cover ${coverage80} in ${quarter}.`);
  if (Math.abs(coverage95 - 0.95) > 0.04)
    problems.push(`The 95 % intervals cover ${coverage95} in ${quarter}.`);
}
const table = first.stdout.slice(first.stdout.indexOf("quarter ")).split("\n\n")[0];
if (!readFileSync("README.md", "utf8").includes(table))
  problems.push(`The table in README.md is not the one that the demo prints:\n${table}`);
for (const problem of problems) console.error(problem);
process.exit(problems.length === 0 ? 0 : 1);
