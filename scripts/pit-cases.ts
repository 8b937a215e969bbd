/** Runs point-in-time cases from a JSON file: `npm run pit-cases -- <file.json> [--engine duckdb|streaming|spark|online]`. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { caseName, type PitCase, parseCaseFile } from "./pit-cases/case-file.ts";
import { engines } from "./pit-cases/engines.ts";
import { runCase } from "./pit-cases/run-case.ts";

/** Engines of the case format that tsops does not have yet: their cases are skipped, one by one. */
const laterEngines: readonly string[] = ["spark"];
const allEngines = [...Object.keys(engines), ...laterEngines];
const usage = `Usage: npm run pit-cases -- <file.json> [--engine ${allEngines.join("|")}]`;
const shownProblems = 20;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { engine: { type: "string", default: "duckdb" }, help: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) throw new Error(`Name one file of cases. ${usage}`);
  const { engine } = values;
  if (!allEngines.includes(engine))
    throw new Error(`There is no engine "${engine}" here. Available: ${allEngines.join(", ")}.`);
  // npm runs scripts in the workspace's root; the file is meant from where the user is.
  const cases = parseCaseFile(await readFile(resolve(process.env["INIT_CWD"] ?? ".", file), "utf8"));
  const open = engines[engine];
  if (open !== undefined) return runAll(cases, open);
  cases.forEach((given, i) => {
    console.log(`SKIP ${caseName(given, i)}: tsops has no engine "${engine}" yet`);
  });
  console.log(`0 passed, 0 failed, ${cases.length} skipped`);
  return 0;
}

async function runAll(cases: readonly PitCase[], open: (typeof engines)[string]): Promise<number> {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const engine = await open();
  try {
    for (const [i, given] of cases.entries()) {
      const name = caseName(given, i);
      const result = await runCase(given, engine);
      counts[result.outcome]++;
      if (result.outcome === "skipped") console.log(`SKIP ${name}: ${result.reason}`);
      if (result.outcome === "failed") {
        console.log(`FAIL ${name}${typeof given?.why === "string" ? ` (${given.why})` : ""}`);
        for (const problem of result.problems.slice(0, shownProblems)) console.log(`  ${problem}`);
        const more = result.problems.length - shownProblems;
        if (more > 0) console.log(`  and ${more} more`);
      }
    }
  } finally {
    await engine.close();
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
