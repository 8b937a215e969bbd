import { createRequire } from "node:module";

/** Set by the bundler of `tsops airflow export`: a bundle lies where the package is not found. */
declare const TSOPS_CORE_VERSION: string | undefined;

/** Version of this package; the four @tsops packages are released together. */
export function coreVersion(): string {
  if (typeof TSOPS_CORE_VERSION === "string") return TSOPS_CORE_VERSION;
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
