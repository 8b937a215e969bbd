import { TsopsError } from "@tsops/core";
import type { Decimal } from "./kinds.ts";

/** Values of a column that cannot be read as what is wanted. */
interface BadValues {
  readonly column: string;
  readonly path: string;
  readonly count: number;
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
      ? 'Write times as 2024-03-01 or 2024-03-01T08:00:00+01:00, or say their form: --time-format "%d.%m.%Y"; unix or unix-ms for seconds or milliseconds since 1970, quarter for 2024-Q1.'
      : "Correct them, or say another form with --time-format.",
  );
}

/** Values that are no numbers, with what to do about the way in which they are written. */
export function notNumbers(values: BadValues, decimal: Decimal): TsopsError {
  const texts = values.first.map(({ text }) => text.trim());
  const all = (pattern: RegExp) => texts.every((text) => pattern.test(text));
  const some = (pattern: RegExp) => texts.some((text) => pattern.test(text));
  const hint = (): string => {
    if (decimal === ",")
      return "With --decimal , numbers are written 1.234,5 or 1234,5; leave the field empty where one is not known.";
    if (some(/%/)) return "Leave the percent signs out: 12.5 for 12.5 %.";
    if (some(/[€$£]/)) return "Leave the signs of currency out.";
    // 1,234 may be either: something beside it must tell.
    if (all(/^[-+]?(\d+|\d{1,3}([.]\d{3})+)(,\d+)?$/) && some(/(,(\d{1,2}|\d{4,})|[.]\d{3},\d+)$/))
      return "They have decimal commas: say --decimal , to read them.";
    if (all(/^[-+]?\d{1,3}(,\d{3})+([.]\d+)?$/))
      return "Where the commas are between thousands, leave them out: 1234 for 1,234. Where they are decimal commas, say --decimal , to read them.";
    if (some(/^[-+]?\d{1,3}([.,' ]\d{3})+([.,]\d+)?$/))
      return "Leave the marks between thousands out: 1234.5 for 1 234.5.";
    if (some(/\d/))
      return "Write decimals with a point and without other signs, and leave the field empty where the number is not known.";
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
      hint: 'Write it with %Y %m %d %H %M %S, e.g. --time-format "%d.%m.%Y %H:%M"; or unix, unix-ms (seconds and milliseconds since 1970), quarter (2024-Q1), step (whole numbers that count steps).',
      details: { form },
    },
  );
}
