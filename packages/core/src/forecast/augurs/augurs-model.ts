import type { JsonValue } from "../../bytes.ts";

/** One series as a model of augurs takes it. Its first target is known. */
export interface AugursSeries {
  /** NaN is missing. */
  readonly y: Float64Array;
  /** Microseconds UTC. */
  readonly times: BigInt64Array;
  /** The instants of the steps after the last row. */
  readonly timesAhead: () => BigInt64Array;
  /** Where the panel's hours and days are counted. */
  readonly zone: string;
}

/** What a model says of the steps after a series. */
export interface SeriesAhead {
  readonly mean: Float64Array;
  /** Standard deviation of each step; null where the model has no intervals that are the same each time. */
  readonly deviation: Float64Array | null;
}

/** A model of augurs: from the whole history of one series to the steps after it. The same history gives the same steps. */
export interface AugursModel<Kind extends string = string> {
  readonly kind: Kind;
  readonly params: Readonly<Record<string, JsonValue>>;
  /** Known targets that each series needs. */
  readonly neededRows: number;
  /** Whether rows may lack their target. */
  readonly takesMissing: boolean;
  readonly hasIntervals: boolean;
  forecast(series: AugursSeries, horizon: number): SeriesAhead;
  /** Sees to it that `forecast` can be called, also after a series that stopped the library. */
  ready?(): Promise<void>;
}

/** Uses a model of the library and gives its memory back. One that was stopped in the middle cannot be given back: what stopped it is the error to tell. */
export function released<Model extends { free(): void }, T>(model: Model, use: (model: Model) => T): T {
  let result: T;
  try {
    result = use(model);
  } catch (error) {
    try {
      model.free();
    } catch {}
    throw error;
  }
  model.free();
  return result;
}

/** What is used of the forecasts of augurs. */
interface AugursForecast {
  readonly point: readonly number[];
  readonly intervals?: { readonly upper: readonly number[] } | undefined;
}

/** The share of a normal distribution within one deviation of its mean: the half width of such an interval is the deviation. */
export const oneDeviation = 0.682689492137086;

/** Mean and deviation of a forecast with the interval of one deviation. */
export function withDeviation({ point, intervals }: AugursForecast): SeriesAhead {
  const mean = Float64Array.from(point);
  return { mean, deviation: mean.map((value, h) => (intervals?.upper[h] as number) - value) };
}
