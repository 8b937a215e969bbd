import { TsopsError } from "../../errors.ts";
import type { TableFile } from "./table-files.ts";

/** Where the rows of a file are, as its reader counts: `line 7`, `row 6`. */
export function placeIn({
  place,
  firstPlace,
}: Pick<TableFile, "place" | "firstPlace">): (row: number) => string {
  return (row) => `${place} ${row + firstPlace}`;
}

/** Adds to an error that counts rows where they are in the file. */
export async function withPlaces<T>(placeOf: (row: number) => string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!TsopsError.is(error)) throw error;
    const { rows } = error.details;
    if (!Array.isArray(rows) || rows.length === 0 || !rows.every((row) => typeof row === "number"))
      throw error;
    throw new TsopsError(
      error.code,
      `${error.message} Rows are counted from 0: the first of them is ${placeOf(rows[0] as number)} of the file.`,
      {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        details: { ...error.details, places: rows.map(placeOf) },
      },
    );
  }
}
