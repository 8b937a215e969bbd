import { createRequire } from "node:module";

/** Version of this package; the four @tsops packages are released together. */
export function coreVersion(): string {
  // By name, as the built file does not lie where this one does.
  const { version } = createRequire(import.meta.url)("@tsops/core/package.json") as { version: string };
  return version;
}

/** Versions that a model's lineage names: Node.js and @tsops/core, where an app's bundler has left the package to be found. */
export function runtimeVersions(): Readonly<Record<string, string>> {
  const node = process.versions.node;
  try {
    return { node, "@tsops/core": coreVersion() };
  } catch {
    return { node };
  }
}
