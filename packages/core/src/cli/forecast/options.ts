import type { GlobalOptions } from "../session.ts";
import type { Aggregate } from "./aggregate-rows.ts";
import type { IntervalSource, ModelName } from "./choose-forecaster.ts";

/** Options of `tsops forecast`. */
export interface ForecastCommandOptions extends GlobalOptions {
  readonly time?: string;
  readonly timeFormat?: string;
  readonly target?: string;
  readonly key?: readonly string[];
  readonly freq: string;
  readonly aggregate?: Aggregate;
  readonly zone?: string;
  readonly decimal?: "." | ",";
  readonly season?: readonly number[];
  readonly horizon: number;
  readonly level: readonly number[];
  readonly future?: string;
  readonly model: ModelName;
  readonly intervals: IntervalSource;
  readonly budget: string;
  /** Default: 3, or fewer where a season would be too short before them. */
  readonly backtest?: number;
  readonly out?: string;
  readonly plot?: string;
}
