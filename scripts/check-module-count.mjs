// A dependency check that sees no modules passes on everything. This one fails when it sees too few.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";

const sources = readdirSync("packages", { recursive: true, encoding: "utf8" }).filter(
  (path) => /^[^/]+\/src\/.*\.ts$/.test(path) && !path.includes("node_modules"),
);
const report = execFileSync(
  "npx",
  [
    "depcruise",
    "packages",
    "--config",
    ".dependency-cruiser.cjs",
    "--exclude",
    "^packages/[^/]+/(dist|\\.tsbuild)",
    "--output-type",
    "json",
  ],
  { encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
);
const seen = new Set(JSON.parse(report).modules.map((module) => module.source));
const missed = sources.map((path) => `packages/${path}`).filter((path) => !seen.has(path));
if (missed.length > 0) {
  console.error(
    `The dependency check did not look at ${missed.length} of ${sources.length} files: ${missed.slice(0, 5).join(", ")}`,
  );
  process.exit(1);
}
console.log(`The dependency check looked at all ${sources.length} source files.`);
