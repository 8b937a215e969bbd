// Every check of CI, in order, each as a child process. Counts the tests of `npm test` one by one and every other check as
// one, and ends with `N passed, N failed`. A failed check does not stop the others.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";

const out = ".out";
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const testReport = `${out}/vitest.json`;

const checks = [
  ["lint", "npm run lint"],
  ["types", "npm run types"],
  ["build", "npm run build"],
  ["module count of the dependency check", "node scripts/check-module-count.mjs"],
  ["unused code and dependencies", "npm run unused"],
  ["package checks", "npm run check:packages"],
  ["API docs", "npm run docs:api"],
  ["workflow lint", "bash scripts/actionlint.sh"],
  ["shell script lint", "bash scripts/shellcheck.sh"],
  ["packed packages in an empty app", "node scripts/smoke.mjs"],
  ["demo, twice", "node scripts/check-demo.mjs"],
  ["the demo on real servers", "npm run stack; code=$?; npm run stack -- stop; exit $code"],
];

/** Minutes. A check that hangs is ended, and named, before the whole run is cut off from outside. */
const testLimit = 50;
const checkLimit = 15;

let passed = 0;
let failed = 0;
/** What failed, told again at the end: a log is often read from there, or cut to there. */
const failures = [];

function run(name, command, limit = checkLimit) {
  console.log(`\n=== ${name}: ${command}`);
  const started = performance.now();
  const { status } = spawnSync("timeout", ["--kill-after=30", `${limit}m`, "bash", "-c", command], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  console.log(
    `--- ${name}: ${status === 0 ? "ok" : `failed (exit ${status}${status === 124 ? ", out of time" : ""})`} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  return status === 0;
}

function failedTests(report) {
  return report.testResults.flatMap((file) => {
    const tests = file.assertionResults.filter((test) => test.status === "failed");
    if (file.status === "failed" && tests.length === 0) return [`${file.name}\n${file.message}`];
    return tests.map(
      (test) => `${file.name}\n${test.fullName}\n${test.failureMessages.join("\n").slice(0, 4000)}`,
    );
  });
}

const testsRan = run(
  "tests",
  `npm test -- --reporter=default --reporter=./scripts/running-tests-reporter.ts --reporter=json --outputFile.json=${testReport}`,
  testLimit,
);
try {
  const report = JSON.parse(readFileSync(testReport, "utf8"));
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  // A suite that breaks on import, or an unhandled error, fails the run without failing a single test.
  if (!testsRan && report.numFailedTests === 0) failed += 1;
  if (report.numPassedTests === 0) failed += 1;
  failures.push(...failedTests(report));
} catch (error) {
  console.error(`The test report cannot be read: ${error}`);
  failed += 1;
}
for (const [name, command] of checks)
  if (run(name, command)) passed++;
  else {
    failed++;
    failures.push(`${name}: ${command}`);
  }

if (failures.length > 0) console.log(`\nWhat failed:\n\n${failures.join("\n\n")}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
