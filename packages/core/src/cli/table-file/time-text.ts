import { formatInstant } from "../../time/instant.ts";

/** An instant as a file of that kind has it. */
export function timeText(
  value: bigint,
  style: "steps" | "instant" | "localTime" | "date",
  zone: string,
): string {
  if (style === "steps") return String(value);
  const text = formatInstant(value, { zone }).replace(/\[.*\]$/, "");
  if (style === "date") return text.slice(0, 10);
  return style === "instant" ? text : text.replace("T", " ").replace(/(Z|[+-]\d\d:\d\d)$/, "");
}
