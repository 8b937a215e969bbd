// Classic statistics on 1,000,000 + 1,000,000 values: sorting against Float64Array.sort, tests and distances against scipy where Python has it.
// Run: npm run bench -- drift-statistics [--python venv/bin/python] [--rounds 3] [--repeats 5]
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Contender, compare, node, save } from "../harness/harness.ts";
import { rows, windows, work } from "./input.ts";

const { values: args } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    repeats: { type: "string", default: "5" },
    python: { type: "string", default: "python3" },
  },
});
const [rounds, repeats] = [Number(args.rounds), Number(args.repeats)];
const here = (name: string): URL => new URL(name, import.meta.url);
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
try {
  const file = join(directory, "windows.bin");
  writeFileSync(file, new Uint8Array(windows().buffer));
  const contenders: Record<string, Contender> = {
    tsops: node(here("tsops.ts"), file, repeats),
    "Float64Array.sort": node(here("built-in.ts"), file, repeats),
  };
  if (spawnSync(args.python, ["-c", "import scipy"]).status === 0)
    contenders["scipy"] = {
      command: args.python,
      args: [fileURLToPath(here("peer.py")), file, String(repeats)],
    };
  else
    process.stderr.write(
      `"${args.python}" has no scipy, so only tsops is measured. Run: python3 -m venv venv && venv/bin/pip install scipy==1.17.1, and pass --python venv/bin/python\n`,
    );
  save(here("results.json"), { rows, rounds, repeats }, compare(contenders, { rounds, work }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
