import type { OptionNames } from "../options.ts";
import type { Clock } from "../ports/clock.ts";
import type { AssetEvent, Ledger } from "../ports/ledger.ts";
import type { Progress } from "../progress.ts";
import type { Log } from "./step.ts";

/** What an attempt works with. */
export interface AttemptOptions {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** Run a finished interval again, from the first step. */
  readonly force?: boolean;
  /** Go on with a failed interval from the step that failed, or with a retry that is not due yet. */
  readonly resume?: boolean;
  /**
   * Run this step only, or the hooks `"onSuccess"` or `"onFailure"`; the earlier steps must have finished. With `force` it is run
   * again although it has finished. A failure is left for the caller to retry (it uses up no attempt), and asking for a step of a failed run goes on
   * with it.
   */
  readonly only?: string;
  /** What started the run, for pipelines with `.onAssetEvent`. Default: the ledger's events since the run before. */
  readonly events?: readonly AssetEvent[];
  /** The attempt from which the pipeline's retries are counted. Default: this one when it is forced or resumed, else 1. */
  readonly countFrom?: number;
  /** Names who holds the lease, for people. A random suffix keeps two attempts of one owner apart. Default: host and process id. */
  readonly owner?: string;
  /** Commit or other identifier of the code, kept in the ledger. */
  readonly codeVersion?: string;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  readonly log?: Log;
}

/** For the checks of whatever takes these options, too. */
export const attemptOptionNames: OptionNames<AttemptOptions> = {
  ledger: true,
  clock: true,
  force: true,
  resume: true,
  only: true,
  events: true,
  countFrom: true,
  owner: true,
  codeVersion: true,
  signal: true,
  progress: true,
  log: true,
};
