import { TsopsError } from "../errors.ts";
import { definitionHash, sha256Hex } from "../hash.ts";
import type { ModelLineage, TrainingSetLineage } from "../lineage.ts";
import type { DatasetInput } from "../ports/tracker.ts";
import { runtimeVersions } from "../version.ts";

/** @throws TsopsError MODEL_PARAMETER_INVALID when a call was not told the training set */
export function checkTrainingSet(call: string, trainingSet: TrainingSetLineage | null | undefined): void {
  if (trainingSet === undefined)
    throw new TsopsError("MODEL_PARAMETER_INVALID", `${call} was not told the training set.`, {
      hint: "Give the lineage of buildTrainingSet, or null when the rows come from no training set.",
      details: { option: "trainingSet" },
    });
}

/** A training set as an input of the run. */
export function trainingInput(trainingSet: TrainingSetLineage): DatasetInput {
  return {
    name: trainingSet.name,
    // MLflow keeps 36 characters; the whole hash is in the source.
    digest: trainingSet.contentHash.slice(0, 36),
    sourceType: "tsops",
    source: JSON.stringify(trainingSet),
    profile: JSON.stringify({ rows: trainingSet.rows }),
    context: "training",
  };
}

/** The lineage of a model that a definition was fitted to. */
export function lineageOf(
  { kind, params }: { readonly kind: string; readonly params: Readonly<Record<string, unknown>> },
  bytes: Uint8Array,
  options: {
    readonly trainingSet: TrainingSetLineage | null;
    readonly codeVersion?: string;
    readonly environment?: Readonly<Record<string, string>>;
  },
): ModelLineage {
  return {
    codeVersion: options.codeVersion ?? null,
    definitionHash: definitionHash({ kind, params }),
    trainingSet: options.trainingSet,
    modelHash: sha256Hex(bytes),
    seed: seedOf(params),
    environment: { ...runtimeVersions(), ...options.environment },
  };
}

/** The first seed among parameters, which may be nested: a forecaster's regressor has it. */
function seedOf(params: Readonly<Record<string, unknown>>): string | null {
  for (const [name, value] of Object.entries(params)) {
    if (name === "seed" && (typeof value === "string" || typeof value === "number")) return String(value);
    const inner =
      typeof value === "object" && value !== null ? seedOf(value as Record<string, unknown>) : null;
    if (inner !== null) return inner;
  }
  return null;
}
