// The world that the loop lives in: two years of bike rentals, handed out day by day.
import { type Columns, columnsFromArrays, parseFrequency, sliceColumns } from "@tsops/core";
import { bikeSharing } from "@tsops/store/datasets";
import { city, demand, weather, zone } from "./definitions.ts";

const days = parseFrequency("1d", { zone });

/** The rows of the two tables, by day since the first one. */
export interface World {
  /** Midnight of the first day, and of the day after the last one; microseconds UTC. */
  readonly start: bigint;
  readonly end: bigint;
  /** The day that begins at an instant. */
  dayOf(midnight: bigint): number;
  /** 24 rows of rentals. They become known when the day is over. */
  demandOf(day: number): Columns<typeof demand.columns>;
  /** 24 rows of weather, known when the day begins. Empty after the last day. */
  weatherOf(day: number): Columns<typeof weather.columns>;
}

/**
 * Reads the shipped data. The weather is the one that was measured: it stands in for a weather forecast that was issued at
 * midnight for the day to come, so `known_at` is that midnight. A real forecast would be wrong at times, and so would the model be.
 */
export async function openWorld(): Promise<World> {
  const data = await bikeSharing();
  const at = data.data.at.values;
  const rows = data.length;
  const midnightOf = (instant: bigint) => days.floor(instant);
  const cities = new Array<string>(rows).fill(city);
  const allDemand = columnsFromArrays(demand.columns, {
    city: cities,
    at,
    users: data.data.users,
    known_at: at.map((instant) => days.add(midnightOf(instant), 1)),
    cutoff: at.map(midnightOf),
  });
  const { dictionary, codes } = data.data.weather;
  const allWeather = columnsFromArrays(weather.columns, {
    city: cities,
    at,
    known_at: at.map(midnightOf),
    temp: data.data.temp,
    atemp: data.data.atemp,
    hum: data.data.hum,
    windspeed: data.data.windspeed,
    weather: data.data.weather,
    raining: Float64Array.from(codes, (code) => (dictionary[code] === "rain" ? 1 : 0)),
    workingday: data.data.workingday,
    holiday: data.data.holiday,
  });
  const start = at[0] as bigint;
  const day = (columns: Columns, index: number) =>
    sliceColumns(columns, Math.min(rows, 24 * index), Math.min(rows, 24 * index + 24));
  return {
    start,
    end: days.add(midnightOf(at[rows - 1] as bigint), 1),
    dayOf: (midnight) => days.count(start, midnight),
    demandOf: (index) => day(allDemand, index) as typeof allDemand,
    weatherOf: (index) => day(allWeather, index) as typeof allWeather,
  };
}
