// What is stored, what is derived from it, and which model learns from that. Imported by the loop and by tsops.config.ts.
import {
  bool,
  column,
  conformal,
  featureView,
  float64,
  gbdt,
  mean,
  type PanelSpec,
  reduce,
  seasonalNaive,
  table,
  timestamp,
  trainingSet,
  utf8,
} from "@tsops/core";

/** The data's clock: wall-clock times without daylight saving, so a fixed offset. See docs/explanation/time.md. */
export const zone = "-05:00";
export const city = "washington";
/** Name in the registry. */
export const modelName = "bike-demand";
export const horizon = 24;
export const levels = [80, 95] as const;

/**
 * Rentals by hour. A day's rows become known at the midnight that ends it (`known_at`); each hour was forecast at the midnight that
 * began its day (`cutoff`).
 */
export const demand = table({
  name: "demand",
  columns: {
    city: utf8(),
    at: timestamp({ zone }),
    users: float64({ unit: "rentals/h" }),
    known_at: timestamp({ zone }),
    cutoff: timestamp({ zone }),
  },
  keys: ["city"],
  eventTime: "at",
  availableAt: "known_at",
});

/** Weather and calendar by hour, known at the midnight before. */
export const weather = table({
  name: "weather",
  columns: {
    city: utf8(),
    at: timestamp({ zone }),
    known_at: timestamp({ zone }),
    temp: float64({ unit: "°C" }),
    atemp: float64({ unit: "°C" }),
    hum: float64({ unit: "%" }),
    windspeed: float64({ unit: "km/h" }),
    weather: utf8(),
    raining: float64(),
    workingday: bool(),
    holiday: bool(),
  },
  keys: ["city"],
  eventTime: "at",
  availableAt: "known_at",
});

/** The weather of the very hour. */
export const sky = featureView({
  name: "sky",
  table: weather,
  ttl: "0s",
  features: {
    temp: column("temp"),
    atemp: column("atemp"),
    hum: column("hum"),
    windspeed: column("windspeed"),
    weather: column("weather"),
    workingday: column("workingday"),
    holiday: column("holiday"),
  },
});

/** How wet the last three hours are: people stay in after the rain has stopped. */
export const wetness = featureView({
  name: "wetness",
  table: weather,
  features: { share_3h: mean("raining", "3h") },
});

export const views = [sky, wetness] as const;

/**
 * The rows to learn from: features as of the hour that is predicted (`at`), with what was known at the midnight before it (`cutoff`).
 * @param end - Hours before this instant; those of the days that are over.
 */
export const bikeTrainingSet = (range: { readonly start?: bigint; readonly end: bigint }) =>
  trainingSet({
    name: "bike-demand",
    spine: demand,
    time: "at",
    views,
    knownAt: { column: "cutoff" },
    target: "users",
    range,
  });

/** How joined rows become a panel. */
export const panelSpec = {
  keys: ["city"],
  time: "at",
  target: "users",
  frequency: "1h",
  zone,
  knownFuture: [
    "sky__temp",
    "sky__atemp",
    "sky__hum",
    "sky__windspeed",
    "sky__weather",
    "sky__workingday",
    "sky__holiday",
    "wetness__share_3h",
  ],
  pastOnly: [],
  static: [],
} as const satisfies PanelSpec;

/** Gradient boosting on the square root of demand relative to its level in the last week, so that growth alone does not make it wrong. */
export const boosted = reduce(
  gbdt({
    trees: 150,
    learningRate: 0.08,
    leaves: 31,
    minLeafRows: 20,
    rowFraction: 0.8,
    columnFraction: 0.8,
    seed: "bikes",
  }),
  {
    lags: [24, 25, 48, 168],
    windows: [
      { aggregate: "mean", width: 7, every: 24 },
      { of: "sky__temp", aggregate: "mean", width: 168, compare: "difference" },
    ],
    calendar: ["hour", "weekday"],
    transform: "sqrt",
    level: { width: 168 },
    warmup: 336,
  },
);

/** The candidate: the same with intervals that learn from their own misses. */
export const forecaster = conformal(boosted, {
  levels,
  folds: 28,
  window: 56,
  neighbours: 1,
  spread: "root",
  adaptRate: 0.03,
  lowest: 0,
});

/** What a first model must beat. */
export const baseline = seasonalNaive({ seasonLength: 168 });
