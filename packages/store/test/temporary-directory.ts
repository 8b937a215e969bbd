import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new empty directory, removed by `dispose`. For tests. */
export async function temporaryDirectory(): Promise<{ path: string; dispose(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "tsops-home-"));
  return { path, dispose: () => rm(path, { recursive: true, force: true }) };
}
