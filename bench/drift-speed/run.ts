// driftTest of 25 columns, the first call of a process on the built package, against Evidently's data-drift preset: at 100,000 rows in each window, and at 1,000,000.
// Run: npm run bench -- drift-speed [--python venv/bin/python] [--rounds 3] [--rows 100000,1000000] [--peer-rounds 1]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Comparison, type Contender, compare, save } from "../harness/harness.ts";
import { built } from "./built.ts";
import { caseOf, columns, writeWindows } from "./input.ts";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    rows: { type: "string", default: "100000,1000000" },
    "peer-rounds": { type: "string", default: "1" },
    python: { type: "string", default: "python3" },
  },
});
const rounds = Number(args.rounds);
const here = (name: string): URL => new URL(name, import.meta.url);
const hasPeer = spawnSync(args.python, ["-c", "import evidently"]).status === 0;
if (!hasPeer)
  process.stderr.write(
    `"${args.python}" has no Evidently, so only tsops is measured. Run: python3 -m venv venv && venv/bin/pip install "evidently==0.7.23" "pandas<3", and pass --python venv/bin/python\n`,
  );

const results: Comparison = {};
for (const rows of args.rows.split(",").map(Number)) {
  const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
  try {
    const file = join(directory, "windows.bin");
    writeWindows(file, rows);
    const contenders: Record<string, Contender> = { tsops: built(here("tsops.ts"), file, rows) };
    if (hasPeer)
      contenders["Evidently"] = {
        command: args.python,
        args: [fileURLToPath(here("peer.py")), file, String(rows), String(columns), caseOf(rows)],
        // A minute or more each at the larger size.
        rounds: rows > 100_000 ? Number(args["peer-rounds"]) : rounds,
      };
    const work = { [caseOf(rows)]: { count: 2 * rows, unit: "rows" } };
    Object.assign(results, compare(contenders, { rounds, work }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
save(here("results.json"), { columns, rounds }, results);
