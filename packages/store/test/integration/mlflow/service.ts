import { execFile, execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const script = join(root, "scripts/services/mlflow.sh");
const environment = join(root, ".services/mlflow/venv-3.17.2");

/** The interpreter that has mlflow. */
export const python = join(environment, "bin/python");

/** Why the tests cannot run here, or null when they can. In CI whatever is missing is installed, or the tests fail. */
export function missingMlflow(): string | null {
  if (existsSync(join(environment, ".complete"))) return null;
  const { CI: isContinuousIntegration } = process.env;
  if (isContinuousIntegration === "true") {
    execFileSync(script, ["install"], { stdio: "inherit" });
    return null;
  }
  const reason =
    "MLflow 3.17.2 is not installed, so its tests are SKIPPED: run scripts/services/mlflow.sh install";
  process.stderr.write(`\n${reason}\n`);
  return reason;
}

/** Runs one of the Python scripts beside this file in a directory (MLflow makes an `mlruns` there) and returns what it printed. */
export async function runPython(cwd: string, name: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(python, [pythonScript(name), ...args], {
    maxBuffer: 64 * 1024 * 1024,
    env: pythonEnvironment,
    cwd,
  });
  return stdout;
}

/** Path of a Python script beside this file. */
export function pythonScript(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** The environment of Python processes: without telemetry, progress bars and links on stdout. */
export const pythonEnvironment = {
  ...process.env,
  MLFLOW_DISABLE_TELEMETRY: "true",
  DO_NOT_TRACK: "true",
  MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR: "false",
  MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT: "true",
};

/** Calls scripts/services/mlflow.sh with its state in a directory of the test's own. */
export function mlflowService(state: string): (...args: readonly string[]) => { code: number; text: string } {
  return (...args) => {
    const { status, stdout, stderr } = spawnSync(script, args, {
      encoding: "utf8",
      env: { ...process.env, TSOPS_MLFLOW_STATE: state },
    });
    return { code: status ?? -1, text: stdout + stderr };
  };
}
