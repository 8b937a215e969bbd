// How fast Delta tables are written and read, beside Python's deltalake on the same rows, files and disk. tsops flushes every append to disk
// before it returns; deltalake does not.
// Run: scripts/services/deltalake.sh install && npm run bench -- delta-append
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTable, openEngine } from "@tsops/store";
import { type Comparison, compare, node, python, save } from "../harness/harness.ts";
import { meterRows, meters, size, work } from "./input.ts";

const [rounds, repeats] = [3, 3];
const here = (name: string): URL => new URL(name, import.meta.url);
const peer = {
  interpreter: ".services/deltalake/venv-1.6.6/bin/python",
  install: "scripts/services/deltalake.sh install",
};
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
const results: Comparison = {};
try {
  const engine = await openEngine({ threads: 2 });
  const large = await createTable(join(directory, "large"), meters, { engine });
  await large.append(meterRows(size.large));
  const small = await createTable(join(directory, "small"), meters, { engine });
  for (let i = 0; i < size.appends; i++) await small.append(meterRows(size.small, i));
  await engine.close();
  for (const [name, amount] of Object.entries(work)) {
    const tsops = node(here("tsops.ts"), directory, name, repeats);
    const deltalake = python(
      peer,
      here("peer.py"),
      directory,
      name,
      repeats,
      size.large,
      size.small,
      size.appends,
    );
    Object.assign(results, compare({ tsops, deltalake }, { rounds, work: { [name]: amount } }));
  }
} finally {
  rmSync(directory, { recursive: true });
}
save(here("results.json"), { ...size, rounds, repeats }, results);
