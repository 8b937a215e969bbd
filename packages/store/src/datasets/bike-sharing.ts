import { fileURLToPath } from "node:url";
import { bool, type Columns, float64, timestamp, utf8 } from "@tsops/core";
import { openEngine } from "../engine/engine.ts";
import { quotePath } from "../engine/sql-text.ts";

/**
 * Columns of `bikeSharing()`: rentals in the hour that starts at `at`, and the weather in it. Temperatures in °C, humidity in
 * percent, wind speed in km/h, `weather` is "clear", "mist" or "rain".
 */
export const bikeSharingColumns = {
  at: timestamp({ zone: "-05:00" }),
  users: float64({ unit: "rentals/h" }),
  holiday: bool(),
  workingday: bool(),
  weather: utf8(),
  temp: float64({ unit: "°C" }),
  atemp: float64({ unit: "°C" }),
  hum: float64({ unit: "%" }),
  windspeed: float64({ unit: "km/h" }),
};

/**
 * Hourly bike rentals in Washington D.C., 2011 and 2012: 17,544 rows ordered by time, without gaps.
 *
 * The file's times are wall-clock times without a zone, and every day has 24 hours, also the days on which daylight saving
 * begins and ends. They are read at the fixed offset UTC-05:00, under which no hour is missing or doubled.
 *
 * Source: UCI Machine Learning Repository, data set 275, Fanaee-T (2013), doi 10.24432/C5W894, CC BY 4.0.
 */
export async function bikeSharing(): Promise<Columns<typeof bikeSharingColumns>> {
  const file = fileURLToPath(new URL(import.meta.resolve("@tsops/store/data/bike_sharing.parquet")));
  await using engine = await openEngine({ threads: 1 });
  const read = await engine.use((session) =>
    session.columns(`
      SELECT (date_time + INTERVAL 5 HOURS)::TIMESTAMPTZ AS at, users, holiday = 1 AS holiday, workingday = 1 AS workingday,
             weather, temp, atemp, hum, windspeed
      FROM read_parquet(${quotePath(file)}) ORDER BY date_time`),
  );
  return { ...read, types: bikeSharingColumns } as Columns<typeof bikeSharingColumns>;
}
