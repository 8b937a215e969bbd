import { type Columns, isValid } from "@tsops/core";
import {
  counted,
  findingOf,
  percent,
  type QualityFinding,
  rowCounter,
  some,
  type WriteInstant,
} from "./finding.ts";

/** Texts that the reference does not have. */
export function newTexts(
  columns: Columns,
  name: string,
  texts: readonly string[],
  timeOf: (row: number) => bigint | null,
  write: WriteInstant,
): QualityFinding | null {
  const column = columns.data[name];
  if (column?.kind !== "utf8") return null;
  const known = new Set(texts);
  const isNew = column.dictionary.map((text) => !known.has(text));
  const found = rowCounter();
  const fresh = new Set<string>();
  for (let row = 0; row < columns.length; row++) {
    const code = column.codes[row] as number;
    if (!isValid(column.valid, row) || isNew[code] !== true) continue;
    found.add(row, timeOf(row));
    fresh.add(column.dictionary[code] as string);
  }
  if (found.count === 0) return null;
  const alike = new Map(texts.map((text) => [text.trim().toLowerCase(), text]));
  const pairs = [...fresh].flatMap((text) => {
    const before = alike.get(text.trim().toLowerCase());
    return before === undefined ? [] : [`${JSON.stringify(text)} for ${JSON.stringify(before)}`];
  });
  const isFormat = pairs.length === fresh.size;
  return findingOf(found, write, {
    check: "category",
    column: name,
    severity: "warning",
    reason: "a model has not seen these texts; new ones can be right",
    sentence: `${name} has ${counted(fresh.size, "text")} that the reference does not have, in ${counted(found.count, "row")} (${percent(found.count / columns.length)}): ${some([...fresh].map((text) => JSON.stringify(text)))}.`,
    cause: isFormat
      ? `They are written differently: ${some(pairs, 3)}.`
      : "New categories, misspellings, or another coding at the source.",
    hint: isFormat
      ? "Trim the texts and write them in one case."
      : "Add them to `texts` of the rules if they are right.",
  });
}
