import { quoteName } from "../engine/sql-text.ts";

/** What is written where a number or a time is not known. */
const marks = ["na", "n/a", "#n/a", "nan", "null", "none", "-", "."];

/** A text without the blanks round it; null when nothing is left. */
export function trimmed(name: string): string {
  return `nullif(trim(${quoteName(name)}::VARCHAR), '')`;
}

/** The same, null also for what stands for a missing number or time. */
export function known(name: string): string {
  const text = trimmed(name);
  return `CASE WHEN lower(${text}) IN (${marks.map((mark) => `'${mark}'`).join(", ")}) THEN NULL ELSE ${text} END`;
}
