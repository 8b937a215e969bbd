// Online values in Redis, beside plain hashes of the same client (the floor) and Feast's Redis online store; all on one server that syncs
// its file every second, as Redis does by default.
// Run: scripts/services/redis.sh install
//      python3 -m venv .services/redis/feast && .services/redis/feast/bin/pip install "feast[redis]==0.67.0"
//      npm run bench -- redis
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, node, python, save } from "../harness/harness.ts";
import { work } from "./work.ts";

const [rounds, repeats] = [2, 3];
const here = (name: string): URL => new URL(name, import.meta.url);
const peer = {
  interpreter: ".services/redis/feast/bin/python",
  install:
    'python3 -m venv .services/redis/feast && .services/redis/feast/bin/pip install "feast[redis]==0.67.0"',
};
const state = mkdtempSync(join(tmpdir(), "tsops-bench-"));
const script = fileURLToPath(new URL("../../scripts/services/redis.sh", import.meta.url));
const service = (command: string): string =>
  execFileSync("bash", [script, command], {
    encoding: "utf8",
    env: { ...process.env, TSOPS_REDIS_STATE: state, TSOPS_REDIS_CONFIG: "--appendfsync everysec" },
  });
const url = /TSOPS_REDIS_URL=(.*)/.exec(service("start"))?.[1] as string;
try {
  const contenders = {
    tsops: node(here("tsops.ts"), url, repeats),
    "plain hashes": node(here("plain.ts"), url, repeats),
    feast: python(peer, here("peer.py"), url, repeats),
  };
  save(
    here("results.json"),
    { rounds, repeats, appendfsync: "everysec" },
    compare(contenders, { rounds, work }),
  );
} finally {
  service("stop");
  rmSync(state, { recursive: true, force: true });
}
