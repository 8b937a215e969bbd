import { TsopsError } from "./errors.ts";

/**
 * Imports an optional peer dependency on first use.
 * @param load - The import itself, `() => import("pg")`, so that bundlers see the name.
 * @param install - All packages that the feature needs, where it needs several. Default: this one.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY when the package cannot be loaded.
 */
export async function importPeer<T>(
  neededBy: string,
  name: string,
  load: () => Promise<T>,
  install: readonly string[] = [name],
): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new TsopsError(
      "ADAPTER_MISSING_DEPENDENCY",
      `${neededBy} needs the package "${name}", which could not be loaded.`,
      { hint: `Run \`npm install ${install.join(" ")}\`.`, cause },
    );
  }
}
