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
  /** The latest time of the calendar that counts; null when there was none. */
  readonly calendar: { readonly due: string | null; readonly fired: boolean } | null;
  readonly volume: { readonly rows: number; readonly needed: number; readonly fired: boolean } | null;
  /** The triggers that fired. */
  readonly triggers: readonly RetrainTrigger[];
  readonly lastAttemptAt: string | null;
  /** What was spent within the budget's length of time. */
  readonly budget: { readonly attempts: number; readonly seconds: number } | null;
  /** When what stands in the way ends; null when it does not. */
  readonly waitUntil: {
    readonly coolDown: string | null;
    readonly budget: string | null;
    readonly holdout: string | null;
  };
  /** What is to be trained: the rows from `start` (null: from the first) to `end`, and the models (empty: the one in use). */
  readonly train: {
    readonly start: string | null;
    readonly end: string;
    readonly models: readonly string[];
  };
};

/** What can ask for a retraining. */
export type RetrainTrigger = "error" | "coverage" | "drift" | "age" | "calendar" | "volume";
