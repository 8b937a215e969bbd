import { type NumberForm, TsopsError } from "@tsops/core";
import type { Decimal } from "./number-form.ts";

/** Values of a column that cannot be read as what is wanted. */
interface BadValues {
  readonly column: string;
  readonly path: string;
  readonly count: number;
  /** Whether others of the column are numbers as programs write them. */
  readonly hasPlainOnes: boolean;
  /** How rows are counted. */
  readonly place: "line" | "row";
  /** The first of them. */
  readonly first: readonly { readonly at: number; readonly text: string }[];
}

/** Values that are no times, or none of the form. */
export function notTimes(values: BadValues, form: string | undefined): TsopsError {
  return refusal(
    values,
    form === undefined ? "time" : `time of the form ${form}`,
    form === undefined
      ? 'Write times as 2024-03-01 or 2024-03-01T08:00:00+01:00, or say their form: --time-format "%d.%m.%Y"; unix or unix-ms for seconds or milliseconds since 1970, quarter for 2024-Q1, week for 2024-W09.'
      : form === "week" && values.first.every(({ text }) => /W?53\s*$/i.test(text))
        ? "These years have 52 weeks: after them comes week 1 of the next one."
        : "Correct them, or say another form with --time-format.",
  );
}

const percentHint = "Write the percent sign with all of the values or with none.";
const currency = /[€$£¥₹]|EUR|USD|GBP|CHF|JPY/;

/**
 * Values that are no numbers, with what to do about the way in which they are written.
 * @param form - How the others are written; null where they are plain, or do not tell.
 * @param decimal - The mark before decimals, as it was said.
 */
export function notNumbers(values: BadValues, form: NumberForm | null, decimal: Decimal | null): TsopsError {
  const texts = values.first.map(({ text }) => text.trim());
  const all = (pattern: RegExp) => texts.every((text) => pattern.test(text));
  const some = (pattern: RegExp) => texts.some((text) => pattern.test(text));
  const empty = "leave the field empty where the number is not known";
  const hint = (): string => {
    if (form !== null && form.example.text !== "")
      return `The others are written as ${JSON.stringify(form.example.text)}, which is ${form.example.value}: write all in this way, and ${empty}.`;
    if (decimal === ",") return `With --decimal , numbers are written 1.234,5 or 1234,5; ${empty}.`;
    if (some(/%/) && values.hasPlainOnes) return percentHint;
    // With one mark before three figures, and nothing beside it that tells which it is.
    if (all(/^[^\d]*[1-9]\d{0,2}[.,]\d{3}[^\d]*$/))
      return "They can be read in two ways: say --decimal . where commas are between thousands, --decimal , where they are before decimals.";
    if (some(/%/)) return percentHint;
    if (some(currency)) return "Write all values in one currency, or leave its signs out.";
    if (some(/\d/))
      return `Write all numbers in one way, best with a point before decimals and no other signs; --decimal says which mark is before decimals; ${empty}.`;
    return "Leave the field empty where the number is not known.";
  };
  return refusal(values, "number", hint());
}

function refusal({ column, path, count, place, first }: BadValues, what: string, hint: string): TsopsError {
  const shown = first
    .slice(0, 3)
    .map(({ text, at }) => `${JSON.stringify(text)} in ${place} ${at}`)
    .join(", ");
  return new TsopsError(
    "VALUE_INVALID",
    `Column "${column}" of ${path} has ${count} ${count === 1 ? "value that is" : "values that are"} no ${what}: ${shown}${count > 3 ? " and more" : ""}.`,
    { hint, details: { column, count, first: first.map(({ at, text }) => ({ [place]: at, text })) } },
  );
}

/** @param cause - What the engine says of the form. Other errors stay as they are. */
export function unknownForm(form: string, cause: unknown): unknown {
  if (!TsopsError.is(cause, "QUERY_INVALID")) return cause;
  const part = /Unrecognized format for strftime\/strptime: (%.)/.exec(cause.message)?.[1];
  return new TsopsError(
    "CONFIG_INVALID",
    `${JSON.stringify(form)} is no form of times${part === undefined ? "" : `: ${part} is not known`}.`,
    {
      hint: 'Write it with %Y %m %d %H %M %S, e.g. --time-format "%d.%m.%Y %H:%M"; or unix, unix-ms (seconds and milliseconds since 1970), quarter (2024-Q1), week (2024-W09), step (whole numbers that count steps).',
      details: { form },
    },
  );
}
