import type { TriggerByChecks } from "./checks.ts";
import type { RetrainPolicy } from "./policy.ts";

/** Every number behind a retrain decision. Instants are ISO 8601 text. */
export type RetrainEvidence = {
  readonly policy: RetrainPolicy;
  readonly champion: { readonly name: string; readonly since: string; readonly expectedError: number };
  readonly error: TriggerByChecks;
  readonly coverage: TriggerByChecks | null;
  readonly drift: {
    readonly reports: readonly { readonly at: string; readonly columns: readonly string[] }[];
    readonly needed: number;
    readonly fired: boolean;
  } | null;
  readonly age: { readonly until: string; readonly fired: boolean } | null;
  /** The triggers that fired. */
  readonly triggers: readonly ("error" | "coverage" | "drift" | "age")[];
  readonly lastAttemptAt: string | null;
  /** Null when nothing has to be waited for. */
  readonly waitUntil: { readonly coolDown: string | null; readonly holdout: string | null };
};
