// Metrics to one MLflow server, beside MLflow's own Python client with the same calls. In "one a call" Python waits for each call, as its
// client does; tsops makes the calls without waiting in between and waits for all of them.
// Run: scripts/services/mlflow.sh install && npm run bench -- mlflow
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, mlflowPeer, node, save } from "../harness/harness.ts";
import { work } from "./work.ts";

const [rounds, repeats] = [3, 3];
const here = (name: string): URL => new URL(name, import.meta.url);
const state = mkdtempSync(join(tmpdir(), "tsops-bench-"));
const script = fileURLToPath(new URL("../../scripts/services/mlflow.sh", import.meta.url));
const service = (command: string): string =>
  execFileSync("bash", [script, command], {
    encoding: "utf8",
    env: { ...process.env, TSOPS_MLFLOW_STATE: state },
  });
try {
  const url = /MLFLOW_TRACKING_URI=(.*)/.exec(service("start"))?.[1] as string;
  const contenders = {
    tsops: node(here("tsops.ts"), url, repeats),
    mlflow: mlflowPeer(url, repeats, work["metrics, one a call"].count),
  };
  save(here("results.json"), { rounds, repeats }, compare(contenders, { rounds, work }));
} finally {
  service("stop");
  rmSync(state, { recursive: true, force: true });
}
