import { civilDate } from "./civil-date.ts";

/** Days on which clocks change in Europe and in North America. */
export type ClockChange = "European" | "North American";

const sunday = 0;

/**
 * Whether clocks change on a day: in Europe on the last Sundays of March and October, in North America on the second of March and the first of
 * November (since 2007).
 * @param day - Days since 1970.
 * @returns The direction that clocks go in, and where; null for other days.
 */
export function clockChange(day: number): { readonly forward: boolean; readonly where: ClockChange } | null {
  // 1970-01-01 was a Thursday.
  if ((((day + 4) % 7) + 7) % 7 !== sunday) return null;
  const { month, day: date } = civilDate(day);
  if (month === 3 && date > 24) return { forward: true, where: "European" };
  if (month === 10 && date > 24) return { forward: false, where: "European" };
  if (month === 3 && date >= 8 && date <= 14) return { forward: true, where: "North American" };
  if (month === 11 && date <= 7) return { forward: false, where: "North American" };
  return null;
}
