import { TsopsError } from "../../errors.ts";
import { quoted } from "../quoted.ts";
import { byName } from "./find-column.ts";
import type { Guesses } from "./guessed.ts";
import type { FileColumn, TableFile } from "./table-files.ts";

const namesSeries =
  /(^|[_ ])(id|key|code|number|no|nr|series|item|sku|product|store|shop|station|sensor|region)$/i;
const keyNames = ["unique_id", "series_id", "series", "item_id", "id", "key"];

/**
 * The columns with which each time is there once, by name and type; none where times are not repeated.
 * @param free - Columns without a role.
 * @throws TsopsError CONFIG_INVALID where several could be meant
 */
export async function guessKeys(
  file: TableFile,
  time: FileColumn,
  free: readonly FileColumn[],
  guesses: Guesses,
): Promise<readonly FileColumn[]> {
  // Numbers are counts, prices or hours of the day more often than names of series: their column has to be called like one.
  const candidates = free.filter(
    ({ name, kind, numberForm }) =>
      (kind === "text" && numberForm === null) ||
      ((kind === "integer" || numberForm !== null) && namesSeries.test(name)),
  );
  const named = byName(candidates, keyNames.slice(0, 2));
  if (named !== undefined) {
    guesses.add("key column", named.name, "by its name", "--key");
    return [named];
  }
  if ((await file.distinctRows([time.name])) === file.rows) return [];
  const telling: FileColumn[] = [];
  // A key names series: each of its values has several rows.
  for (const column of candidates)
    if (2 * column.distinct <= file.rows && (await file.distinctRows([column.name, time.name])) === file.rows)
      telling.push(column);
  const texts = telling.filter(({ kind }) => kind === "text");
  const found =
    byName(telling, keyNames) ??
    (texts.length === 1 ? texts[0] : telling.length === 1 ? telling[0] : undefined);
  if (found !== undefined) {
    guesses.add("key column", found.name, "with it, each time is there once", "--key");
    return [found];
  }
  if (telling.length > 1)
    throw new TsopsError(
      "CONFIG_INVALID",
      `Times are repeated, and several columns could tell the series apart: ${telling.map(({ name }) => name).join(", ")}.`,
      {
        hint: `Say which with --key, e.g. --key ${quoted(telling[0]?.name ?? "")}.`,
        details: { candidates: telling.map(({ name }) => name) },
      },
    );
  const words = candidates.filter(({ kind }) => kind === "text");
  if (words.length > 1 && (await file.distinctRows([...words, time].map(({ name }) => name))) === file.rows) {
    guesses.add(
      "key columns",
      words.map(({ name }) => name).join(", "),
      "with them, each time is there once",
      "--key",
    );
    return words;
  }
  const known = byName(candidates, keyNames);
  if (known === undefined) return [];
  guesses.add("key column", known.name, "by its name", "--key");
  return [known];
}
