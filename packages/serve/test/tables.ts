// The tables and views of the tests, for processes without a test runner, too.
import { column, featureView, float64, mean, table, timestamp, utf8 } from "@tsops/core";

export const demand = table({
  name: "demand",
  columns: { shop: utf8(), at: timestamp(), units: float64() },
  keys: ["shop"],
  eventTime: "at",
});

export const weather = table({
  name: "weather",
  columns: { shop: utf8(), at: timestamp(), known_at: timestamp(), temp: float64() },
  keys: ["shop"],
  eventTime: "at",
  availableAt: "known_at",
});

export const sky = featureView({
  name: "sky",
  table: weather,
  ttl: "0s",
  features: { temp: column("temp") },
});
export const recent = featureView({
  name: "recent",
  table: demand,
  lag: "24h",
  features: { day: mean("units", "24h") },
});
