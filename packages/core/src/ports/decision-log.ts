import type { CallOptions } from "./call-options.ts";

/** What an automatic decision was about. */
export type DecisionKind = "gate" | "experiment" | "promotion" | "rollback" | "drift" | "retrain" | "alert";

/** One automatic decision: what was compared, the statistics, the thresholds, the verdict, and who or what asked. */
export interface DecisionRecord {
  readonly id: string;
  readonly kind: DecisionKind;
  /** Model or deployment name. */
  readonly subject: string;
  /** Microseconds UTC. */
  readonly time: bigint;
  /** e.g. "promote", "reject", "keep", "undecided", "retrain", "no_retrain", "drift", "no_drift". */
  readonly verdict: string;
  /** One sentence for people, with the deciding numbers. */
  readonly reason: string;
  /** Who or what asked: a pipeline run, a person, a policy. */
  readonly requestedBy: string;
  /** All numbers behind the verdict; JSON-serialisable. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** Which decisions to list; all conditions must hold. */
export interface DecisionQuery {
  readonly id?: string;
  readonly kind?: DecisionKind;
  readonly subject?: string;
  readonly verdict?: string;
  /** Half-open range of `time`, microseconds UTC. */
  readonly from?: bigint;
  readonly to?: bigint;
  readonly limit?: number;
}

/** Keeps decision records. Appending is durable; an id that exists already changes nothing. */
export interface DecisionLog {
  /** Resolves when the record is durable. An id that exists already changes nothing. */
  append(decision: DecisionRecord, options?: CallOptions): Promise<void>;
  /** Oldest first. */
  list(options?: DecisionQuery & CallOptions): Promise<readonly DecisionRecord[]>;
}
