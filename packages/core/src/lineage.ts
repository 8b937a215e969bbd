/** The version of one table that something was computed from. */
export interface TableVersion {
  readonly table: string;
  /** Delta commit version. */
  readonly version: number;
}

/** Where a training set came from: enough to rebuild it byte for byte. */
export interface TrainingSetLineage {
  readonly name: string;
  /** sha256 of the definition (views, windows, options) in canonical JSON. */
  readonly definitionHash: string;
  readonly tables: readonly TableVersion[];
  readonly rows: number;
  /** sha256 of the joined columns. */
  readonly contentHash: string;
}

/** Where a model version came from. */
export interface ModelLineage {
  /** Commit or other identifier of the code; null when unknown. */
  readonly codeVersion: string | null;
  /** sha256 of the forecaster's kind and parameters. */
  readonly definitionHash: string;
  readonly trainingSet: TrainingSetLineage | null;
  /** sha256 of the saved model bytes. */
  readonly modelHash: string;
  readonly seed: string | null;
  /** e.g. `{ node: "20.20.2", "@tsops/core": "0.1.0" }`. */
  readonly environment: Readonly<Record<string, string>>;
}
