import type { OptionNames } from "../options.ts";
import type { InstantInput } from "../time/instant.ts";

/** What a pipeline is in Airflow beyond its definition. */
export interface AirflowDagSettings {
  /** Default: the pipeline's name. */
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Steps that wait for a person's approval before they run, by name, each with the question. Rejected, the steps from there on are skipped. */
  readonly approvals?: Readonly<Record<string, string>>;
  /** No run begins by schedule for an interval after this instant. */
  readonly endAt?: InstantInput;
}

/** For the checks of whatever takes these settings, too. */
export const dagSettingNames: OptionNames<AirflowDagSettings> = {
  description: true,
  tags: true,
  approvals: true,
  endAt: true,
};

/** Where the exported file finds what it runs; paths are taken from the DAG's folder. */
export interface AirflowDagOptions extends AirflowDagSettings {
  /** File name of the bundle beside the DAG file. */
  readonly bundle: string;
  /** Folder in which the steps work, relative to the DAG's folder. */
  readonly directory: string;
  /** Program that runs the bundle. Default `"node"`, found on the worker's PATH. */
  readonly node?: string;
}
