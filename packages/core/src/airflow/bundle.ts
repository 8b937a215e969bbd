import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { Plugin } from "esbuild";
import { TsopsError } from "../errors.ts";
import { importPeer } from "../import-peer.ts";
import { coreVersion } from "../version.ts";

/** How a configuration is bundled. */
export interface BundleOptions {
  /** Packages that stay outside, found where they are installed here: those with native parts. */
  readonly external: readonly string[];
  /** Conditions of package exports, besides those of Node. */
  readonly conditions: readonly string[];
}

/** Packages that no bundle can hold, as they load a native library from beside their files. */
const native = ["@duckdb/node-api", "@duckdb/node-bindings", "libsql", "onnxruntime-node"];

/**
 * A configuration with the command and all that both import, as one file that Node runs without a build or an installation
 * beside it. Packages that stay outside are imported from where they are installed on this machine.
 */
export async function bundleConfiguration(path: string, options: BundleOptions): Promise<string> {
  const { build } = await importPeer("tsops airflow export", "esbuild", () => import("esbuild"));
  try {
    const { outputFiles } = await build({
      stdin: {
        contents: `import config from ${JSON.stringify(path)};\nimport { runProcess } from "@tsops/core/command";\nawait runProcess(config);\n`,
        resolveDir: dirname(path),
        sourcefile: "tsops-entry.mjs",
      },
      absWorkingDir: dirname(path),
      bundle: true,
      write: false,
      platform: "node",
      format: "esm",
      target: "node20.12",
      legalComments: "none",
      logLevel: "silent",
      conditions: ["module", ...options.conditions],
      define: { TSOPS_CORE_VERSION: JSON.stringify(coreVersion()) },
      // CommonJS packages that were taken in call this.
      banner: {
        js: 'import { createRequire as tsopsCreateRequire } from "node:module"; const require = tsopsCreateRequire(import.meta.url);',
      },
      plugins: [outside([...native, ...options.external])],
    });
    return outputFiles[0]?.text ?? "";
  } catch (cause) {
    if (TsopsError.is(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TsopsError("CONFIG_INVALID", `${basename(path)} cannot be bundled: ${reason}`, {
      hint: "A package with native parts stays outside with --external <package>.",
      cause,
    });
  }
}

/** Leaves packages outside by the address of their file, and what is not installed by its name: only a feature that is used fails. */
function outside(packages: readonly string[]): Plugin {
  return {
    name: "tsops-outside",
    setup(build) {
      const asked = Symbol("asked");
      build.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
        if (pluginData === asked || path.startsWith("node:")) return null;
        // Reads a configuration from a file, which a bundle never does.
        if (path === "jiti" || path === "esbuild") return { path, external: true };
        const isOutside = packages.some((name) => path === name || path.startsWith(`${name}/`));
        if (!isOutside && kind !== "dynamic-import") return null;
        const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: asked });
        if (found.errors.length > 0) return kind === "dynamic-import" ? { path, external: true } : null;
        return isOutside && !found.external
          ? { path: pathToFileURL(found.path).href, external: true }
          : found;
      });
    },
  };
}
