import { resolve } from "node:path";
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
