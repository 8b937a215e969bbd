import { float64, int64, nullable, table, timestamp, utf8 } from "@tsops/core";

/** The table that most tests write. */
export const load = table({
  name: "load",
  columns: {
    station: nullable(utf8()),
    at: timestamp(),
    known: nullable(timestamp()),
    mw: nullable(float64({ unit: "MW" })),
    meter: int64(),
  },
  keys: ["station"],
  eventTime: "at",
  availableAt: "known",
});
