import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { durationMicros, type FeatureView, TsopsError } from "@tsops/core";

/** What a module of feature definitions exports (TSOPS_FEATURES). */
export interface Definitions {
  /** The views that compute the model's known-future columns. */
  readonly views: readonly FeatureView[];
  /** As in `deploy()`: the spine column with the instant up to which rows count as known. */
  readonly knownAt: string;
  /** How far back the views read at most, e.g. `"30d"`: what is given to the online store when the app starts. */
  readonly lookBack: string;
}

/**
 * Imports the module.
 * @throws TsopsError CONFIG_INVALID when it cannot be imported, or does not export what it should
 */
export async function loadDefinitions(path: string): Promise<Definitions> {
  let module: Partial<Definitions>;
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as Partial<Definitions>;
  } catch (cause) {
    throw invalid(path, "cannot be imported", cause);
  }
  const { views, knownAt, lookBack } = module;
  if (!Array.isArray(views) || views.length === 0) throw invalid(path, "exports no `views`");
  if (typeof knownAt !== "string" || knownAt === "") throw invalid(path, "exports no text `knownAt`");
  if (typeof lookBack !== "string") throw invalid(path, "exports no duration `lookBack`");
  try {
    durationMicros(lookBack);
  } catch (cause) {
    throw invalid(path, "exports a `lookBack` that is no duration", cause);
  }
  return { views, knownAt, lookBack };
}

function invalid(path: string, problem: string, cause?: unknown): TsopsError {
  return new TsopsError("CONFIG_INVALID", `The module ${path} of TSOPS_FEATURES ${problem}.`, {
    hint: 'It exports `views` made by featureView(), `knownAt` and `lookBack`, e.g. "30d"; docs/deploy.md shows one.',
    details: { variable: "TSOPS_FEATURES" },
    ...(cause === undefined ? {} : { cause }),
  });
}
