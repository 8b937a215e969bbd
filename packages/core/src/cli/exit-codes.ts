import { TsopsError, type TsopsErrorCode } from "../errors.ts";

/** How the command ends. 64 and 75 are those of BSD's sysexits.h; 99 is what Airflow's BashOperator takes as skipped. */
export const exitCodes = {
  /** Done, now or before. */
  done: 0,
  failed: 1,
  /** `tsops drift --fail-on` found drift, `tsops quality --fail-on` a finding, or `tsops alerts --fail-on` a parked message; as `terraform plan -detailed-exitcode` tells of changes. */
  drift: 2,
  /** The command line or the configuration is wrong; running it again gives the same. */
  usage: 64,
  /** Nothing is broken: someone else is at work, a retry is not due yet, or the command was stopped. Run it again later. */
  retryLater: 75,
  /** The run was left out. */
  skipped: 99,
} as const;

const usage: readonly TsopsErrorCode[] = [
  "CONFIG_INVALID",
  "CONFIG_NOT_FOUND",
  "PIPELINE_NOT_FOUND",
  "PIPELINE_INVALID",
  "TIME_INVALID",
  "TIME_ZONE_MISSING",
  "DURATION_INVALID",
  "FREQUENCY_INVALID",
];
const retryLater: readonly TsopsErrorCode[] = [
  "ABORTED",
  "LEASE_LOST",
  "STORE_BUSY",
  "STORE_UNAVAILABLE",
  "ADAPTER_UNAVAILABLE",
];

/** The exit code of an error that a command threw. */
export function exitCodeOf(error: unknown): number {
  if (!TsopsError.is(error)) return exitCodes.failed;
  if (usage.includes(error.code)) return exitCodes.usage;
  return retryLater.includes(error.code) ? exitCodes.retryLater : exitCodes.failed;
}
