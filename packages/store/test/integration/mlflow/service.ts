import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { service } from "../../../../../test/services.ts";

/** A real MLflow, its script and the interpreter that has it. */
export const mlflow = service("mlflow");

/** Runs one of the Python scripts beside this file in a directory (MLflow makes an `mlruns` there) and returns what it printed. */
export async function runPython(cwd: string, name: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(mlflow.program, [pythonScript(name), ...args], {
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
    const { status, stdout, stderr } = spawnSync(mlflow.script, args, {
      encoding: "utf8",
      env: { ...process.env, TSOPS_MLFLOW_STATE: state },
    });
    return { code: status ?? -1, text: stdout + stderr };
  };
}
