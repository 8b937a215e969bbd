// Runs, predictions and the ledger of a home, beside MLflow's Python client on a SQLite file of the same schema.
// Run: scripts/services/mlflow.sh install && npm run bench -- tracking
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare, mlflowPeer, node, save } from "../harness/harness.ts";
import { work } from "./work.ts";

const [rounds, repeats] = [3, 3];
const here = (name: string): URL => new URL(name, import.meta.url);
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
try {
  const contenders = {
    tsops: node(here("tsops.ts"), repeats),
    mlflow: mlflowPeer(directory, repeats, work["metrics, one a call"].count),
  };
  save(here("results.json"), { rounds, repeats }, compare(contenders, { rounds, work }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
