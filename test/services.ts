import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { inject } from "vitest";

/** A real server or foreign library that tests talk to. */
export interface Service {
  /** The script that installs and starts it. */
  readonly script: string;
  /** The program that the tests start: a Python interpreter, a browser. Empty when the service is missing. */
  readonly program: string;
  /** For `describe.skipIf`: never true in CI, where whatever is missing is installed before the tests begin. */
  readonly isMissing: boolean;
}

/** The service that `scripts/services/<name>.sh` installs. */
export function service(name: string): Service {
  const program = inject("services")[name];
  if (program === undefined) throw new RangeError(`There is no scripts/services/${name}.sh.`);
  const script = resolve(import.meta.dirname, `../scripts/services/${name}.sh`);
  return { script, program: program ?? "", isMissing: program === null };
}

/** A server that a test started for itself. */
export interface RunningService {
  /** What `start` printed: the variables with which programs find the server. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/**
 * Starts the server of `scripts/services/<name>.sh` with its files in a directory of the caller's own.
 * @param settings - Further settings that the script reads, e.g. a port to be found at again.
 */
export async function startService(
  name: string,
  state: string,
  settings: Readonly<Record<string, string | undefined>> = {},
): Promise<RunningService> {
  const { script } = service(name);
  const call = (command: string) =>
    promisify(execFile)("bash", [script, command], {
      env: { ...process.env, ...settings, [`TSOPS_${name.toUpperCase()}_STATE`]: state },
      maxBuffer: 64 * 1024 * 1024,
    });
  const { stdout } = await call("start");
  const variables = [...stdout.matchAll(/^export ([A-Z0-9_]+)=(?:'(.*)'|(.*))$/gm)];
  return {
    environment: Object.fromEntries(
      variables.map(([, key, quoted, bare]) => [key as string, quoted ?? bare ?? ""]),
    ),
    stop: async () => {
      await call("stop");
    },
  };
}
