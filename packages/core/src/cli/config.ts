import type { AirflowDagSettings } from "../airflow/dag-options.ts";
import type { AnyPipeline } from "../pipeline/pipeline.ts";
import type { Clock } from "../ports/clock.ts";
import type { DecisionLog } from "../ports/decision-log.ts";
import type { Ledger } from "../ports/ledger.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { PredictionLog } from "../ports/prediction-log.ts";
import type { Registry } from "../ports/registry.ts";
import type { Tracker } from "../ports/tracker.ts";
import type { TrackingStore } from "../tracking/sync-tracking.ts";

/** The contracts that the command works with; `openHome` of `@tsops/store` gives them all. */
export interface Contracts {
  /** Where they lie, for people. */
  readonly path?: string;
  /** Folder of the tables, one Delta table each, which `tsops report` reads outcomes from. */
  readonly tablesPath?: string;
  readonly ledger?: Ledger;
  readonly tracker?: Tracker;
  readonly registry?: Registry;
  readonly predictions?: PredictionLog;
  readonly decisions?: DecisionLog;
  /** Alert messages on their way, which `tsops alerts` lists. */
  readonly outbox?: Outbox;
  /** Called once, when the command is done. */
  close?(): Promise<void>;
}

type Factory<T> = () => T | PromiseLike<T>;

/**
 * What `tsops.config.ts` exports: how the packages are wired, as functions that are called when a command needs them. A single
 * factory (`tracker`, say) takes the place of what `home` gives. The command works in the folder of the configuration, so
 * relative paths in it mean the same wherever the command is called.
 */
export interface TsopsConfig<Home extends Contracts = Contracts> {
  readonly home?: Factory<Home>;
  readonly ledger?: Factory<Ledger>;
  readonly tracker?: Factory<Tracker>;
  readonly registry?: Factory<Registry>;
  readonly predictions?: Factory<PredictionLog>;
  readonly decisions?: Factory<DecisionLog>;
  readonly outbox?: Factory<Outbox>;
  /** Places that `tsops sync --to <name>` copies runs and models to, by name. */
  readonly syncTo?: Readonly<Record<string, Factory<TrackingStore>>>;
  /** Pipelines that `tsops run` knows; a function is given what `home` opened. */
  readonly pipelines?:
    | readonly AnyPipeline[]
    | ((home: Home) => readonly AnyPipeline[] | PromiseLike<readonly AnyPipeline[]>);
  /** What pipelines are in Airflow beyond their definition, by name, for `tsops airflow export`. */
  readonly airflow?: Readonly<Record<string, AirflowDagSettings>>;
  /** Commit or other identifier of the code, kept with each run. */
  readonly codeVersion?: string;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/**
 * Types a configuration: `export default defineConfig({ ... })` in `tsops.config.ts`.
 * @example
 * export default defineConfig({
 *   home: () => openHome("./.tsops"),
 *   pipelines: (home) => [dailyPipeline(home)],
 * });
 */
export function defineConfig<Home extends Contracts>(config: TsopsConfig<Home>): TsopsConfig<Home> {
  return config;
}
