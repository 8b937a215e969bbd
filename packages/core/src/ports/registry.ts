import type { ModelLineage } from "../lineage.ts";
import type { CallOptions } from "./call-options.ts";
import type { LoggedModel } from "./tracker.ts";

/** One registered version of a model. */
export interface ModelVersion {
  readonly name: string;
  /** 1, 2, 3, ... */
  readonly version: number;
  /** Null for versions that another tool registered without a run. */
  readonly runId: string | null;
  /** `m-...`; null for versions that another tool registered from bare files. */
  readonly modelId: string | null;
  readonly createdAt: bigint;
  readonly aliases: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** Null for versions that another tool logged, which have no lineage of ours. */
  readonly lineage: ModelLineage | null;
}

/** Named models, their versions, and the aliases (`champion`, `challenger`) that point at versions. */
export interface Registry {
  /** Registers a logged model as the next version of `name`, which is created on first use. */
  register(
    name: string,
    model: LoggedModel,
    options?: CallOptions & { readonly tags?: Readonly<Record<string, string>> },
  ): Promise<ModelVersion>;
  /** @throws TsopsError MODEL_NOT_FOUND */
  getVersion(name: string, version: number, options?: CallOptions): Promise<ModelVersion>;
  /** The version that an alias points at. @throws TsopsError MODEL_NOT_FOUND, ALIAS_NOT_FOUND */
  resolve(name: string, alias: string, options?: CallOptions): Promise<ModelVersion>;
  /** All versions of a model, ascending; empty when the name is not known. */
  listVersions(name: string, options?: CallOptions): Promise<readonly ModelVersion[]>;
  /** Names of all registered models, in order of their characters. */
  listModels(options?: CallOptions): Promise<readonly string[]>;
  /** Points the alias at a version; atomic. @throws TsopsError MODEL_NOT_FOUND */
  setAlias(name: string, alias: string, version: number, options?: CallOptions): Promise<void>;
  /** Removes an alias; one that is not there changes nothing. @throws TsopsError MODEL_NOT_FOUND */
  deleteAlias(name: string, alias: string, options?: CallOptions): Promise<void>;
  /** Adds tags to a version, or replaces those of the same name; others stay. @throws TsopsError MODEL_NOT_FOUND */
  setTags(
    name: string,
    version: number,
    tags: Readonly<Record<string, string>>,
    options?: CallOptions,
  ): Promise<void>;
  /**
   * The files of a version, verified against the hash in its lineage.
   * @throws TsopsError MODEL_NOT_FOUND, STORE_CORRUPT
   */
  readFiles(
    name: string,
    version: number,
    options?: CallOptions,
  ): Promise<Readonly<Record<string, Uint8Array>>>;
  /** Lets go of what the registry holds open. Calling it again does nothing. */
  close(): Promise<void>;
}
