// Runs, predictions and the ledger of a home, beside MLflow's Python client on a SQLite file of the same schema.
// Run: scripts/services/mlflow.sh install && npm run bench -- tracking
import { compare, node, python, save } from "../harness/harness.ts";
import { work } from "./work.ts";

const [rounds, repeats] = [3, 3];
const here = (name: string): URL => new URL(name, import.meta.url);
const peer = {
  interpreter: ".services/mlflow/venv-3.17.2/bin/python",
  install: "scripts/services/mlflow.sh install",
};
const contenders = {
  tsops: node(here("tsops.ts"), repeats),
  mlflow: python(peer, here("peer.py"), repeats),
};
save(here("results.json"), { rounds, repeats }, compare(contenders, { rounds, work }));
