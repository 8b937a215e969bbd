import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A directory for this run of the tests; removed at its end. */
    temporaryRoot: string;
    /** By service: where `scripts/services/<name>.sh` installed it, or null when it is missing. */
    services: Readonly<Record<string, string | null>>;
  }
}

const scripts = resolve(import.meta.dirname, "../scripts/services");
const { CI: isContinuousIntegration } = process.env;

/** Runs before all tests. In CI a missing service is installed, or no test runs; elsewhere its tests are skipped, and said so at the end. */
export function setup(project: TestProject): () => void {
  const services: Record<string, string | null> = {};
  for (const file of readdirSync(scripts).filter((name) => name.endsWith(".sh"))) {
    const script = join(scripts, file);
    if (isContinuousIntegration === "true") install(script);
    services[basename(file, ".sh")] = installedAt(script);
  }
  const temporaryRoot = mkdtempSync(join(tmpdir(), "tsops-tests-"));
  // Some tests work as another user.
  chmodSync(temporaryRoot, 0o755);
  project.provide("temporaryRoot", temporaryRoot);
  project.provide("services", services);
  return () => {
    rmSync(temporaryRoot, { recursive: true, force: true });
    for (const [name, path] of Object.entries(services))
      if (path === null)
        process.stderr.write(
          `SKIPPED: tests that need ${name}. Install it with scripts/services/${name}.sh install\n`,
        );
  };
}

function install(script: string): void {
  const { status } = spawnSync("bash", [script, "install"], { stdio: "inherit" });
  if (status !== 0) throw new Error(`${script} install failed (exit ${status}).`);
}

/** What `installed` prints: the program that the tests start. */
function installedAt(script: string): string | null {
  const { status, stdout } = spawnSync("bash", [script, "installed"], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : null;
}
