import { type Columns, isValid, type NumberForm } from "@tsops/core";
import type { DuckSession } from "../engine/engine.ts";
import { quoteName } from "../engine/sql-text.ts";
import { known } from "./known-text.ts";
import {
  type Decimal,
  decimalsOf,
  type FormCounts,
  formCountsOf,
  formOf,
  hasMarks,
  isLikeNumber,
  numberText,
} from "./number-form.ts";

/** A column of text with some of its counts. */
interface CountedColumn {
  readonly name: string;
  readonly known: number;
  readonly integers: number;
  /** Rows that a cast takes for numbers. */
  readonly numbers: number;
  readonly likeNumbers: number;
}

/**
 * How the numbers of columns of text are written where it is not plainly; columns that hold none, or plain ones, are not in it. Whoever writes decimal commas in one column does so in all: a column that does not tell
 * by itself (`1,234`) is read as the others are, if they agree.
 * @param decimal - The mark before decimals, as it was said; null where the values have to tell.
 */
export async function numberFormsOf(
  session: DuckSession,
  columns: readonly CountedColumn[],
  decimal: Decimal | null,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, NumberForm | "ambiguous">> {
  const mixed = columns.filter(
    ({ known, integers, likeNumbers }) => likeNumbers > 0 && 2 * likeNumbers > known && integers < known,
  );
  const isPlain = ({ known, numbers }: CountedColumn) => numbers === known;
  const written = mixed.filter((column) => decimal === "," || !isPlain(column));
  if (written.length === 0) return new Map();
  const counts = new Map<string, FormCounts>();
  for (const { name } of decimal === null ? mixed : written)
    counts.set(name, await countForms(session, name, signal));
  const of = ({ name }: CountedColumn) => counts.get(name) as FormCounts;

  const told = mixed.flatMap((column) => {
    const found = decimal === null && hasMarks(of(column)) ? decimalsOf(of(column)) : [];
    return found.length === 1 ? found : [];
  });
  const [agreed = null, ...others] = new Set(told);
  const mark = decimal ?? (others.length === 0 ? agreed : null);
  const forms = new Map<string, NumberForm | "ambiguous">();
  for (const column of mixed) {
    // 1.5 and 1.234 are plain, unless the others say that the points are between thousands.
    const isAsked =
      written.includes(column) ||
      (mark === "," && hasMarks(of(column)) && decimalsOf(of(column)).includes(","));
    if (!isAsked) continue;
    const own = formOf(of(column), decimal);
    const form = own === "ambiguous" && mark !== null ? formOf(of(column), mark) : own;
    forms.set(
      column.name,
      form === "ambiguous" ? form : { ...form, example: await exampleOf(session, column.name, form, signal) },
    );
  }
  return forms;
}

async function countForms(
  session: DuckSession,
  name: string,
  signal: AbortSignal | undefined,
): Promise<FormCounts> {
  const found = await session.columns(`SELECT ${formCountsOf(name)} FROM input`, { signal });
  return { count: (what) => numberAt(found, what), sign: textAt(found, "sign") };
}

/** The longest of the texts, which shows most of what is written about a number. */
async function exampleOf(
  session: DuckSession,
  name: string,
  form: Omit<NumberForm, "example">,
  signal: AbortSignal | undefined,
): Promise<NumberForm["example"]> {
  const found = await session.columns(
    `SELECT ${known(name)} AS text, TRY_CAST(${numberText(name, form)} AS DOUBLE) AS value FROM input WHERE ${isLikeNumber(name)} ORDER BY length(${quoteName(name)}::VARCHAR) DESC, rowid LIMIT 1`,
    { signal },
  );
  return { text: textAt(found, "text") ?? "", value: numberAt(found, "value") };
}

function numberAt({ data }: Columns, name: string): number {
  const column = data[name];
  return column?.kind === "int64" || column?.kind === "float64" ? Number(column.values[0]) : Number.NaN;
}

function textAt({ data }: Columns, name: string): string | null {
  const column = data[name];
  if (column?.kind !== "utf8" || !isValid(column.valid, 0)) return null;
  return column.dictionary[column.codes[0] as number] ?? null;
}
