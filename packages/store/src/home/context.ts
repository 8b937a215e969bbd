import type { Clock } from "@tsops/core";
import type { ArtifactFiles } from "./artifact-files.ts";
import type { ArtifactHashes } from "./artifact-hashes.ts";
import type { MlflowDatabase } from "./mlflow-database.ts";

/** What the parts of a home share. */
export interface HomeContext {
  readonly mlflow: MlflowDatabase;
  readonly artifacts: ArtifactFiles;
  readonly artifactHashes: ArtifactHashes;
  readonly clock: Pick<Clock, "now">;
  /** A new identifier: 32 hexadecimal digits, never given before. */
  readonly createId: () => string;
  /** Recorded as the user of runs. */
  readonly user: string;
}

/** A run's identity in MLflow's database. */
export interface RunIdentity {
  readonly runId: string;
  readonly experimentId: bigint;
  readonly artifactUri: string;
}

/** Microseconds to MLflow's milliseconds, rounded down. */
export function toMillis(micros: bigint): bigint {
  return micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
}

/** MLflow's milliseconds to microseconds. */
export function toMicros(millis: bigint): bigint {
  return millis * 1000n;
}
