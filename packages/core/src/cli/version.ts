import { createRequire } from "node:module";

/** Version of this package. */
export function coreVersion(): string {
  // By name, as the built file does not lie where this one does.
  const { version } = createRequire(import.meta.url)("@tsops/core/package.json") as { version: string };
  return version;
}
