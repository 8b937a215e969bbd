import { type Column, type SeriesKey, seriesKeyText } from "@tsops/core";

/** A column that can be part of a key. */
export type KeyColumn = Extract<Column, { kind: "utf8" | "int64" | "bool" | "timestamp" }>;

/** Reads the key of a row as the text of its `SeriesKey`; each distinct key is written once. */
export function keyReader(names: readonly string[], keys: readonly KeyColumn[]): (row: number) => string {
  const raw = (column: KeyColumn, row: number) =>
    column.kind === "utf8" ? column.codes[row] : column.values[row];
  const known = new Map<string, string>();
  return (row) => {
    let code = "";
    for (const column of keys) code += `${raw(column, row)},`;
    let text = known.get(code);
    if (text === undefined) {
      text = keyText(names, keys, row);
      known.set(code, text);
    }
    return text;
  };
}

function keyText(names: readonly string[], keys: readonly KeyColumn[], row: number): string {
  const key: Record<string, SeriesKey[string]> = {};
  keys.forEach((column, i) => {
    const name = names[i] as string;
    if (column.kind === "utf8") key[name] = column.dictionary[column.codes[row] as number] as string;
    else key[name] = column.kind === "bool" ? column.values[row] === 1 : (column.values[row] as bigint);
  });
  return seriesKeyText(key);
}
