import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A TypeScript program running in a process of its own, whose lines on stdout are collected. */
export interface Child {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves when that many lines have come; rejects when the process ends before. */
  reached(count: number): Promise<void>;
  /** Resolves with the exit code, or null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Ends the process at once, with SIGKILL, and waits for it. */
  kill(): Promise<void>;
}

/** How to start a child. */
export interface ChildOptions {
  /** Command and arguments to put before `node`, e.g. to run it in a namespace of its own. */
  readonly wrapper?: readonly string[];
  /** Run as this user and group; needs root. */
  readonly userId?: number;
}

/** Starts a TypeScript file of the tests with sources of sibling packages, as tsx does. */
export function runChild(script: URL, args: readonly string[], options: ChildOptions = {}): Child {
  const command = [
    ...(options.wrapper ?? []),
    process.execPath,
    "--import",
    import.meta.resolve("tsx"),
    "--conditions=@tsops/source",
    fileURLToPath(script),
    ...args,
  ];
  const child = spawn(command[0] as string, command.slice(1), {
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.userId === undefined ? {} : { uid: options.userId, gid: options.userId }),
  });
  const lines: string[] = [];
  let errors = "";
  const waiters = new Set<() => void>();
  const wake = (): void => {
    for (const waiter of waiters) waiter();
  };
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  const reader = createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    wake();
  });
  let hasEnded = false;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      reader.close();
      hasEnded = true;
      wake();
      resolve(code);
    });
  });
  return {
    process: child,
    lines,
    ended,
    reached: (count) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (lines.length < count && !hasEnded) return;
          waiters.delete(check);
          if (lines.length >= count) resolve();
          else reject(new Error(`The child ended after ${lines.length} of ${count} lines. ${errors}`));
        };
        waiters.add(check);
        check();
      }),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
