import type { SeriesKey } from "./panel.ts";

/**
 * A text that is equal for equal series keys and for no others, whatever the order of the columns: names and values are
 * quoted, and int64 values are told apart from text. For maps, logs and messages; `"{}"` for the only series of a panel.
 */
export function seriesKeyText(key: SeriesKey): string {
  const fields = Object.keys(key)
    .sort()
    .map((name) => {
      const value = key[name];
      return `${JSON.stringify(name)}:${typeof value === "bigint" ? `${value}n` : JSON.stringify(value)}`;
    });
  return `{${fields.join(",")}}`;
}
