import { calendarFields } from "../../time/calendar.ts";

/** What the calendar says about an instant. `trend` counts the steps since the first instant of the fitted panel. */
export type CalendarField =
  | "minute"
  | "hour"
  | "hourOfWeek"
  | "weekday"
  | "weekend"
  | "dayOfMonth"
  | "dayOfYear"
  | "week"
  | "month"
  | "quarter"
  | "trend";

/**
 * A calendar feature: by itself a category (hour, weekday, month, quarter, hourOfWeek) or a number (the others), or as it is told.
 * `"cyclic"` gives the sine and cosine of its place in the cycle, for linear models.
 */
export type CalendarFeature =
  | CalendarField
  | { readonly field: CalendarField; readonly as?: "numeric" | "categorical" | "cyclic" };

/** Names of all calendar fields. */
export const calendarFieldNames: readonly CalendarField[] = [
  "minute",
  "hour",
  "hourOfWeek",
  "weekday",
  "weekend",
  "dayOfMonth",
  "dayOfYear",
  "week",
  "month",
  "quarter",
  "trend",
];

/** Values in one cycle, and the first value; the mean length where it varies. */
export const cycles: Readonly<
  Record<Exclude<CalendarField, "trend">, readonly [length: number, first: number]>
> = {
  minute: [60, 0],
  hour: [24, 0],
  hourOfWeek: [168, 0],
  weekday: [7, 0],
  weekend: [2, 0],
  dayOfMonth: [30.436875, 1],
  dayOfYear: [365.2425, 1],
  week: [52.1775, 1],
  month: [12, 1],
  quarter: [4, 1],
};

/** The asked fields of instants, by name. `trend` is not among them: it follows from the grid. */
export function calendarColumns(
  times: BigInt64Array,
  zone: string,
  names: readonly CalendarField[],
): Map<CalendarField, Float64Array> {
  const columns = new Map<CalendarField, Float64Array>();
  const wanted = new Set(names.filter((name) => name !== "trend"));
  if (wanted.size === 0) return columns;
  const fields = calendarFields(times, zone);
  const { length } = times;
  for (const name of wanted) {
    const values = new Float64Array(length);
    switch (name) {
      case "hourOfWeek":
        for (let i = 0; i < length; i++)
          values[i] = (fields.weekday[i] as number) * 24 + (fields.hour[i] as number);
        break;
      case "weekend":
        for (let i = 0; i < length; i++) values[i] = (fields.weekday[i] as number) >= 5 ? 1 : 0;
        break;
      case "quarter":
        for (let i = 0; i < length; i++) values[i] = Math.ceil((fields.month[i] as number) / 3);
        break;
      default:
        values.set(fields[name as "hour"]);
    }
    columns.set(name, values);
  }
  return columns;
}
