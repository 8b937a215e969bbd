import type { ModelVersion } from "@tsops/core";
import type { DeploymentEvent } from "./deployment-options.ts";

/** What a listener of a deployment is told: its events, and each prediction and each `observe` that reached the models or features. */
export type DeploymentActivity =
  | DeploymentEvent
  | {
      readonly type: "predicted";
      readonly role: "champion" | "challenger";
      readonly version: ModelVersion;
      /** From the start of the feature lookup until the log has kept the answer. */
      readonly durationMs: number;
      /** Null when it was answered. */
      readonly failure: { readonly error: unknown } | null;
      readonly at: bigint;
    }
  | { readonly type: "observed"; readonly table: string; readonly rows: number; readonly at: bigint };

/** Those who want to know; none of them can break what they listen to. */
export class Listeners {
  readonly #listeners = new Set<{ readonly call: (activity: DeploymentActivity) => void }>();

  add(call: (activity: DeploymentActivity) => void): () => void {
    const listener = { call };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(activity: DeploymentActivity): void {
    for (const { call } of this.#listeners)
      try {
        call(activity);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : String(error));
      }
  }
}
