import { watch } from "node:fs";
import { join } from "node:path";
import type { Random } from "@tsops/core";
import { type Child, runChild } from "../run-child.ts";

/**
 * Runs a syncing child until the files of the table have changed some random number of times, which may be in the middle of a commit, and
 * kills it then. Its lines say how far it came: the last is `taken <rows>` when it got to its end.
 */
export async function runAndKill(
  script: URL,
  table: string,
  args: readonly string[],
  random: Random,
): Promise<Child> {
  const child = runChild(script, [table, ...args]);
  let changes = 1 + random.integer(40);
  let isReady = false;
  const onChange = (): void => {
    if (isReady && --changes === 0) child.process.kill("SIGKILL");
  };
  const watchers = [table, join(table, "_delta_log")].map((path) => watch(path, onChange));
  try {
    await child.reached(1);
    isReady = true;
    await child.ended;
    return child;
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}
