import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { threadPool } from "./pool.ts";

const isSource = import.meta.url.endsWith(".ts");
/** Beside this file as it is written; below the folder of the built package's shared chunks. */
const program = new URL(isSource ? "./program.ts" : "./threads/program.js", import.meta.url);
/** Threads do not inherit what lets this process run TypeScript. */
const fromSource = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(program.href)}); })`;

/** Threads at once, in the whole process. */
export const mostThreads = availableParallelism();

/** Whether there can be threads: in a program that was bundled into one file, their own file is missing. */
export function hasThreads(): boolean {
  return existsSync(fileURLToPath(program));
}

/** Does one of the works of `program.ts` on a thread of the process. */
export const runOnThread = threadPool(
  isSource ? { source: fromSource, isText: true } : { source: program, isText: false },
  mostThreads,
);
