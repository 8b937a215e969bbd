// Installs the dependencies when they are missing or older than the lock file, so that `npm test` and `npm run demo`
// work in a fresh clone. Plain JavaScript on purpose: nothing is installed yet when it runs.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 12)) {
  console.error(`tsops needs Node 20.12 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

const marker = "node_modules/.package-lock.json";
const isCurrent = existsSync(marker) && statSync(marker).mtimeMs >= statSync("package-lock.json").mtimeMs;
if (!isCurrent) {
  console.error("Installing dependencies (npm ci) ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status } = spawnSync(npm, ["ci", "--no-audit", "--no-fund"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) process.exit(status ?? 1);
}
