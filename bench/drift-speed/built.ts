import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import type { Contender } from "../harness/harness.ts";

const root = resolve(import.meta.dirname, "../..");

/** A script of this repository that runs on the packages as they are published, without a loader; they are built when they are older than their sources. */
export function built(script: URL, ...args: (string | number)[]): Contender {
  buildPackages(["core", "monitor"]);
  // Below the root, so that the packages are found.
  const folder = join(root, "node_modules/.cache/tsops-bench");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${basename(fileURLToPath(script), ".ts")}.mjs`);
  buildSync({
    entryPoints: [fileURLToPath(script)],
    outfile: file,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
  });
  return { command: process.execPath, args: [file, ...args.map(String)] };
}

function buildPackages(names: readonly string[]): void {
  const isStale = names.some((name) => {
    const made = join(root, "packages", name, "dist/index.js");
    return !existsSync(made) || statSync(made).mtimeMs < newest(join(root, "packages", name, "src"));
  });
  if (!isStale) return;
  process.stderr.write("Building the packages, which takes a minute.\n");
  execFileSync(process.execPath, [join(root, "scripts/build.mjs")], { stdio: "inherit" });
}

/** When the last file of a folder was written. */
function newest(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  return Math.max(...files.map((file) => statSync(join(folder, file)).mtimeMs));
}
