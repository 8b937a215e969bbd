/** Month (1 to 12) and day of the month of a number of days since 1970, in the Gregorian calendar. */
export function civilDate(days: number): { readonly month: number; readonly day: number } {
  const date = new Date(days * 86_400_000);
  return { month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
