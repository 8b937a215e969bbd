import { fork } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { afterAll, beforeAll } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** What a command wrote, and how it ended. */
export interface CommandAnswer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout. */
  json(): ReturnType<typeof JSON.parse>;
}

/**
 * A process beside the tests of a file that runs `tsops <name>` whenever the returned function is called, one call after the other.
 * @param environment - Variables of its own; read when it starts.
 */
export function commandChild(
  name: string,
  environment: () => NodeJS.ProcessEnv = () => process.env,
): (...argv: readonly string[]) => Promise<CommandAnswer> {
  let child: ReturnType<typeof fork>;
  beforeAll(() => {
    child = fork(join(root, "test/command-process.ts"), {
      cwd: root,
      execArgv: ["--import", "tsx", "--conditions=@tsops/source"],
      env: environment(),
    });
  });
  afterAll(() => {
    child.kill();
  });
  return async (...argv) => {
    const answer = once(child, "message");
    child.send([name, ...argv]);
    const [found] = (await answer) as [Omit<CommandAnswer, "json">];
    return { ...found, json: () => JSON.parse(found.stdout.trimEnd().split("\n").at(-1) ?? "") };
  };
}
