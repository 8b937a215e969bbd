const brand = Symbol.for("tsops.error");

/**
 * Stable machine-readable error codes, grouped by the part that throws them.
 * Users branch on the code, never on the message.
 */
export type TsopsErrorCode =
  // schema and columns
  | "SCHEMA_INVALID"
  | "SCHEMA_MISMATCH"
  | "COLUMN_NOT_FOUND"
  | "VALUE_INVALID"
  // time
  | "TIME_INVALID"
  | "TIME_ZONE_MISSING"
  | "DURATION_INVALID"
  | "FREQUENCY_INVALID"
  // features and joins
  | "FEATURE_NAME_CLASH"
  | "FEATURE_INVALID"
  // forecasting
  | "PANEL_INVALID"
  | "SERIES_TOO_SHORT"
  | "FIT_FAILED"
  | "KEY_UNKNOWN"
  | "FUTURE_VALUES_MISSING"
  | "MODEL_PARAMETER_INVALID"
  | "MODEL_FORMAT_INVALID"
  | "BACKTEST_INVALID"
  // deciding
  | "DECISION_NOT_FOUND"
  | "MESSAGE_NOT_FOUND"
  | "COMPARISON_INVALID"
  | "GATE_INVALID"
  | "EXPERIMENT_INVALID"
  // pipelines
  | "PIPELINE_INVALID"
  | "PIPELINE_NOT_FOUND"
  | "STEP_FAILED"
  | "STEP_TIMEOUT"
  | "LEASE_LOST"
  | "RUN_ABANDONED"
  | "THREAD_LOST"
  | "ABORTED"
  // configuration and the command line
  | "CONFIG_INVALID"
  | "CONFIG_NOT_FOUND"
  // storage
  | "STORE_NOT_FOUND"
  | "STORE_EXISTS"
  | "STORE_CORRUPT"
  | "STORE_UNSUPPORTED"
  | "STORE_CONFLICT"
  | "STORE_READ_ONLY"
  | "STORE_FULL"
  | "STORE_BUSY"
  | "STORE_UNAVAILABLE"
  | "QUERY_INVALID"
  // tracking and registry
  | "RUN_NOT_FOUND"
  | "MODEL_NOT_FOUND"
  | "ALIAS_NOT_FOUND"
  // serving
  | "SERVE_NO_CHAMPION"
  | "SERVE_CLOSED"
  | "PREDICTION_NOT_FOUND"
  // monitoring
  | "MONITOR_INVALID"
  // adapters
  | "ADAPTER_MISSING_DEPENDENCY"
  | "ADAPTER_UNAVAILABLE";

/** What accompanies an error besides its sentence. */
export interface TsopsErrorOptions {
  /** What the caller can do about it, as one imperative sentence. */
  hint?: string;
  cause?: unknown;
  /** The offending rows or fields (first few + count). Never credentials, never whole rows. */
  details?: Readonly<Record<string, unknown>>;
}

/** The one error that tsops packages throw on purpose. */
export class TsopsError extends Error {
  override readonly name: string = "TsopsError";
  readonly code: TsopsErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: TsopsErrorCode, message: string, options: TsopsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
    Object.defineProperty(this, brand, { value: true });
  }

  /** Works across duplicate installs of the package, where `instanceof` does not. */
  static is(error: unknown, code?: TsopsErrorCode): error is TsopsError {
    return (
      typeof error === "object" &&
      error !== null &&
      brand in error &&
      (code === undefined || ("code" in error && error.code === code))
    );
  }
}
