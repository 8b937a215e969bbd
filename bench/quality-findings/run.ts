// How often checkQuality finds something where nothing is wrong: rules of eight weeks, then week after week of the same process.
// Run: npm run bench -- quality-findings [--repeats 20] [--weeks 25]. On real data: npm run bench -- real-weeks.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Columns, sliceColumns } from "@tsops/core";
import { checkQuality, learnQuality, type QualityFinding } from "@tsops/monitor";
import { processes, simulate } from "./processes.ts";

const { values: args } = parseArgs({
  options: { repeats: { type: "string", default: "20" }, weeks: { type: "string", default: "25" } },
});
const week = 168;
const learnt = 8 * week;

interface Tally {
  windows: number;
  errors: number;
  warnings: number;
  readonly checks: Map<string, number>;
}

function noFindings(): Tally {
  return { windows: 0, errors: 0, warnings: 0, checks: new Map() };
}

function add(tally: Tally, findings: readonly QualityFinding[]): void {
  tally.windows++;
  if (findings.some(({ severity }) => severity === "error")) tally.errors++;
  if (findings.some(({ severity }) => severity === "warning")) tally.warnings++;
  for (const { check, severity } of findings) {
    const name = `${severity} ${check}`;
    tally.checks.set(name, (tally.checks.get(name) ?? 0) + 1);
  }
}

function line(name: string, { windows, errors, warnings, checks }: Tally): string {
  const share = (count: number) => `${((100 * count) / windows).toFixed(2)} %`;
  const list = [...checks].map(([check, count]) => `${check} ${count}`).join(", ");
  return `${name.padEnd(45)} ${String(windows).padStart(5)} windows, with an error ${share(errors).padStart(7)}, with a warning ${share(warnings).padStart(7)}  ${list}`;
}

function weeks(
  data: Columns,
  rowsOfWeek: number,
  rowsOfReference: number,
  table: { keys: string[]; eventTime: string },
): Tally {
  const tally = noFindings();
  const rules = learnQuality(sliceColumns(data, 0, rowsOfReference), { table });
  for (let from = rowsOfReference; from + rowsOfWeek <= data.length; from += rowsOfWeek)
    add(tally, checkQuality(sliceColumns(data, from, from + rowsOfWeek), { rules }));
  return tally;
}

const table = { keys: [], eventTime: "at" };
const all = noFindings();
const results: Record<string, unknown> = {};
const told = ({ windows, errors, warnings, checks }: Tally) => ({
  windows,
  errors,
  warnings,
  checks: Object.fromEntries(checks),
});
for (const name of Object.keys(processes)) {
  const tally = noFindings();
  const alone = noFindings();
  for (let i = 0; i < Number(args.repeats); i++) {
    const data = simulate(name, learnt + Number(args.weeks) * week, `${name} ${i}`);
    const found = weeks(data, week, learnt, table);
    tally.windows += found.windows;
    tally.errors += found.errors;
    tally.warnings += found.warnings;
    for (const [check, count] of found.checks)
      tally.checks.set(check, (tally.checks.get(check) ?? 0) + count);
    add(alone, checkQuality(data, { table }));
    add(alone, checkQuality(sliceColumns(data, 0, learnt), { table }));
  }
  all.windows += tally.windows;
  all.errors += tally.errors;
  all.warnings += tally.warnings;
  results[name] = { withRules: told(tally), alone: told(alone) };
  process.stdout.write(`${line(name, tally)}\n`);
  if (alone.checks.size > 0) process.stdout.write(`${line("   without rules", alone)}\n`);
}
process.stdout.write(`${line("all", all)}\n`);
writeFileSync(
  new URL("results.json", import.meta.url),
  `${JSON.stringify({ node: process.version, repeats: Number(args.repeats), weeks: Number(args.weeks), results, all: told(all) }, null, 2)}\n`,
);
