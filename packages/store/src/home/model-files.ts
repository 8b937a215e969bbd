import { type ModelFiles, type ModelLineage, sha256Hex, TsopsError, throwIfAborted } from "@tsops/core";
import { toMillis } from "./context.ts";
import { checkLoggedModelName } from "./mlflow-rules.ts";

// How a model's files and lineage are kept in MLflow, wherever it keeps them: in a home or on a server.

/** Tags of a logged model: its lineage, and the sha256 of each of its files, as JSON. */
export const lineageTag = "tsops.lineage";
export const filesTag = "tsops.files";
/** The key under which `logModel` was called, so that it is found again. */
export const keyTag = "tsops.key";

/**
 * Checks a model before anything of it is written.
 * @returns The sha256 of each file.
 * @throws TsopsError VALUE_INVALID when no file has the hash that the lineage names
 */
export function checkModelFiles(model: ModelFiles): Readonly<Record<string, string>> {
  checkLoggedModelName(model.name);
  if ("MLmodel" in model.files)
    throw new TsopsError(
      "VALUE_INVALID",
      'A model\'s files must not include "MLmodel": it is written for them.',
    );
  const hashes = Object.fromEntries(
    Object.entries(model.files).map(([path, content]) => [path, sha256Hex(content)]),
  );
  if (!Object.values(hashes).includes(model.lineage.modelHash))
    throw new TsopsError(
      "VALUE_INVALID",
      `None of the ${Object.keys(hashes).length} files of model "${model.name}" has the sha256 that its lineage names as modelHash.`,
      { hint: "Set lineage.modelHash to the sha256 (hexadecimal) of the saved model bytes." },
    );
  return hashes;
}

/** The `MLmodel` file of a model. JSON is YAML: Python's mlflow reads this as it reads its own. */
export function modelDescriptor(
  model: ModelFiles,
  hashes: Readonly<Record<string, string>>,
  { modelId, location, runId, now }: { modelId: string; location: string; runId: string; now: bigint },
): Uint8Array {
  const descriptor = {
    artifact_path: location,
    flavors: model.flavors,
    ...(model.signature === undefined ? {} : { signature: { ...model.signature, params: null } }),
    model_id: modelId,
    model_uuid: modelId,
    run_id: runId,
    utc_time_created: new Date(Number(toMillis(now))).toISOString().replace("T", " ").replace("Z", ""),
    metadata: { tsops: { lineage: model.lineage, files: hashes } },
  };
  return new TextEncoder().encode(`${JSON.stringify(descriptor, null, 2)}\n`);
}

/** The tags from which a model's lineage is read back, and its files are verified. */
export function modelTags(
  model: ModelFiles,
  hashes: Readonly<Record<string, string>>,
  descriptor: Uint8Array,
  key?: string,
): Readonly<Record<string, string>> {
  return {
    ...(key === undefined ? {} : { [keyTag]: key }),
    [lineageTag]: JSON.stringify(model.lineage),
    [filesTag]: JSON.stringify({ ...hashes, MLmodel: sha256Hex(descriptor) }),
  };
}

/** The flavours that a descriptor names. @throws TsopsError STORE_CORRUPT */
export function descriptorFlavors(where: string, descriptor: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const { flavors } = JSON.parse(new TextDecoder().decode(descriptor)) as {
      flavors?: Readonly<Record<string, unknown>>;
    };
    return flavors ?? {};
  } catch (cause) {
    throw new TsopsError("STORE_CORRUPT", `${where}/MLmodel is not JSON.`, {
      hint: "It was written by tsops and must not be edited; log the model again.",
      cause,
    });
  }
}

/** The tags of a run that logged a model, so that whoever looks at it in MLflow sees where the model came from. */
export function lineageRunTags({
  codeVersion,
  definitionHash,
  trainingSet,
}: ModelLineage): Record<string, string> {
  return {
    "tsops.definition_hash": definitionHash,
    ...(codeVersion === null ? {} : { "tsops.code_version": codeVersion }),
    ...(trainingSet === null
      ? {}
      : {
          "tsops.training_set": `${trainingSet.name} ${trainingSet.contentHash}`,
          "tsops.tables": trainingSet.tables.map(({ table, version }) => `${table}@${version}`).join(", "),
        }),
  };
}

/** What one of these tags says; null when there is none. @throws TsopsError STORE_CORRUPT */
export function parseModelTag(modelId: string, key: string, value: string | undefined): unknown {
  if (value === undefined) return null;
  try {
    return JSON.parse(value);
  } catch (cause) {
    throw new TsopsError("STORE_CORRUPT", `Tag "${key}" of logged model ${modelId} is not JSON.`, {
      hint: "It was written by tsops and must not be edited; log the model again.",
      cause,
    });
  }
}

/**
 * Reads a model's files but its `MLmodel`, and compares each with the recorded hash when there is one.
 * @param where - Names the folder in messages.
 * @throws TsopsError STORE_CORRUPT when a file is missing or was changed
 */
export async function readVerifiedFiles(
  where: string,
  paths: readonly string[],
  hashes: Readonly<Record<string, string>> | null,
  read: (path: string) => Promise<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const files: Record<string, Uint8Array> = {};
  for (const path of paths) {
    throwIfAborted(signal);
    const content = await read(path).catch((cause: unknown) => {
      if (!TsopsError.is(cause, "STORE_NOT_FOUND")) throw cause;
      throw new TsopsError("STORE_CORRUPT", `Model file ${where}/${path} is missing.`, {
        hint: "Restore the file from a backup, or point the alias at another version.",
        details: { path },
        cause,
      });
    });
    if (hashes !== null && sha256Hex(content) !== hashes[path])
      throw new TsopsError("STORE_CORRUPT", `Model file ${where}/${path} was changed after it was logged.`, {
        hint: "Restore the file from a backup, or point the alias at another version.",
        details: { path, expected: hashes[path], found: sha256Hex(content) },
      });
    if (path !== "MLmodel") files[path] = content;
  }
  return files;
}
