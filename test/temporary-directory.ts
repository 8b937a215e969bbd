import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";

/** A new empty directory. Whatever a test leaves in it is removed at the end of the run, or earlier by `dispose`. */
export function temporaryDirectory(): { readonly path: string; dispose(): Promise<void> } {
  const path = mkdtempSync(join(inject("temporaryRoot"), "test-"));
  return { path, dispose: () => rm(path, { recursive: true, force: true }) };
}
