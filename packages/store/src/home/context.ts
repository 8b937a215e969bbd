import type { Clock } from "@tsops/core";
import type { ArtifactFiles } from "./artifact-files.ts";
import type { MlflowDatabase } from "./mlflow-database.ts";

/** What the parts of a home share. */
export interface HomeContext {
  readonly mlflow: MlflowDatabase;
  readonly artifacts: ArtifactFiles;
  readonly clock: Pick<Clock, "now">;
  /** A new identifier: 32 hexadecimal digits, never given before. */
  readonly createId: () => string;
  /** Recorded as the user of runs. */
  readonly user: string;
}

/** Microseconds to MLflow's milliseconds, rounded down. */
export function toMillis(micros: bigint): bigint {
  return micros / 1000n - (micros % 1000n < 0n ? 1n : 0n);
}

/** MLflow's milliseconds to microseconds. */
export function toMicros(millis: bigint): bigint {
  return millis * 1000n;
}
