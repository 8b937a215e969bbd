import type { NumberForm } from "@tsops/core";
import { known } from "./known-text.ts";

/** How decimals are written. */
export type Decimal = NumberForm["decimal"];

/** A text with the signs that people copy from other programs (blanks that do not break, a minus of print) as those of the keyboard. */
function plain(name: string): string {
  return `trim(translate(${known(name)}, '\u2212\u00a0\u202f\u2009\u2019', '-   '''))`;
}

const currency = "(?:[€$£¥₹]|EUR|USD|GBP|CHF|JPY)";
const exponent = "(?:[eE][-+]?[0-9]+)?";
/** Thousands; with commas also as in India, 12,34,567. */
const grouped = (mark: string) =>
  `[1-9][0-9]{0,2}(?:${mark}[0-9]{3})+${mark === "," ? "|[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}" : ""}`;
const escaped = (mark: string) => (mark === "'" ? "''" : `[${mark}]`);

/** The figures of a number by its marks. None may be without a digit. */
const figures = (decimal: string, thousands: string) =>
  `(?:[0-9]+|${grouped(thousands === "," ? "," : escaped(thousands))})?(?:${escaped(decimal)}[0-9]*)?${exponent}`;

/** Marks of decimals and between thousands that go together. */
const marks = [
  { decimal: ".", thousands: "," },
  { decimal: ".", thousands: " " },
  { decimal: ".", thousands: "'" },
  { decimal: ",", thousands: "." },
  { decimal: ",", thousands: " " },
  { decimal: ",", thousands: "'" },
] as const;

/** Figures with some of these marks, each with a digit in it. No dates, and no lists of numbers. */
const anyFigures = `(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+|(?:${[",", "[.]", " ", "''"].map(grouped).join("|")})(?:[.,][0-9]+)?)${exponent}`;

/** A number with what people write about it: signs, also of currency and percent, and brackets for what is below 0. */
const numberLike = (() => {
  const signed = `(?:${currency} ?)?[-+]?${anyFigures}(?: ?(?:%|${currency}))?`;
  return `(?:[-+] ?)?${signed}|[(]${signed}[)]`;
})();

/** Whether a text is what people write for a number, and a cast may refuse. */
export function isLikeNumber(name: string): string {
  return `coalesce(regexp_full_match(${plain(name)}, '${numberLike}') OR TRY_CAST(${known(name)} AS DOUBLE) IS NOT NULL, false)`;
}

const figuresOf = (name: string) =>
  `regexp_extract(${plain(name)}, '[0-9.,](?:[0-9., '']*[0-9.,])?(?:[eE][-+]?[0-9]+)?')`;
const signOf = (name: string) => `regexp_extract(${plain(name)}, '%|${currency}')`;

/** One row of counts about how the numbers of a column are written, for `formOf`. */
export function formCountsOf(name: string): string {
  const found = figuresOf(name);
  const having = (condition: string) => `FILTER (${isLikeNumber(name)} AND ${condition})`;
  const counts = {
    all: `count(*) ${having("true")}`,
    points: `count(*) ${having(`contains(${found}, '.')`)}`,
    commas: `count(*) ${having(`contains(${found}, ',')`)}`,
    blanks: `count(*) ${having(`contains(${found}, ' ')`)}`,
    quotes: `count(*) ${having(`contains(${found}, '''')`)}`,
    percents: `count(*) ${having(`${signOf(name)} = '%'`)}`,
    signs: `count(DISTINCT nullif(${signOf(name)}, '')) ${having("true")}`,
    ...Object.fromEntries(
      marks.map(({ decimal, thousands }, i) => [
        `form${i}`,
        `count(*) ${having(`regexp_full_match(${found}, '${figures(decimal, thousands)}')`)}`,
      ]),
    ),
  };
  return Object.entries(counts)
    .map(([what, sql]) => `${sql}::BIGINT AS ${what}`)
    .concat(`max(${signOf(name)}) ${having("true")} AS sign`)
    .join(", ");
}

/** What `formCountsOf` counts. */
export interface FormCounts {
  count(what: string): number;
  readonly sign: string | null;
}

/** How the numbers of a column are written, without the example of one. */
type Form = Omit<NumberForm, "example">;

/** The marks before decimals with which all numbers of a column can be read. Both where it has no marks to tell. */
export function decimalsOf({ count }: FormCounts): readonly Decimal[] {
  const decimals = marks.flatMap(({ decimal }, i) => (count(`form${i}`) === count("all") ? [decimal] : []));
  return [...new Set(decimals)];
}

/** Whether figures of a column have points or commas, which mean something else by the mark before decimals. */
export function hasMarks({ count }: FormCounts): boolean {
  return count("points") + count("commas") > 0;
}

/**
 * How the numbers of a column are written, as far as all of them say the same.
 * @param decimal - The mark before decimals, where it is known otherwise.
 * @returns `"ambiguous"` where they can be read in several ways, or all of them in none.
 */
export function formOf(counts: FormCounts, decimal: Decimal | null): Form | "ambiguous" {
  const { count, sign } = counts;
  const all = count("all");
  if (count("signs") > 1 || (count("percents") > 0 && count("percents") < all)) return "ambiguous";
  const decimals = decimalsOf(counts).filter((one) => decimal === null || one === decimal);
  if (decimals.length === 0 || (decimals.length > 1 && hasMarks(counts))) return "ambiguous";
  const used = { ".": "points", ",": "commas", " ": "blanks", "'": "quotes" } as const;
  const found = marks.find((one, i) => one.decimal === decimals[0] && count(`form${i}`) === all);
  const [first] = marks;
  const { thousands } = found ?? first;
  return {
    decimal: decimals[0] as Decimal,
    thousands: count(used[thousands]) > 0 ? thousands : null,
    sign: sign === "" ? null : sign,
  };
}

/** Text of a number as SQL that a cast understands; null for what is not written in the form. */
export function numberText(name: string, form: Form | null): string {
  if (form === null) return known(name);
  const { decimal, sign } = form;
  // Where no number is large enough to show one, others of the same kind may be.
  const thousands = form.thousands ?? (decimal === "." ? "," : ".");
  const found = figuresOf(name);
  const isWritten = [
    `regexp_full_match(${plain(name)}, '${numberLike}')`,
    `regexp_full_match(${found}, '${figures(decimal, thousands)}')`,
    // A price may lack the sign that others have; what is no percentage is a hundred times another number.
    sign === "%" ? `${signOf(name)} = '%'` : `${signOf(name)} IN ('', '${sign ?? ""}')`,
  ];
  const isNegative = `regexp_matches(${plain(name)}, '^[(]|^[^0-9.,]*-')`;
  const closed = `replace(${found}, '${thousands === "'" ? "''" : thousands}', '')`;
  return `CASE WHEN ${isWritten.join(" AND ")} THEN CASE WHEN ${isNegative} THEN '-' ELSE '' END || replace(${closed}, '${decimal}', '.') END`;
}
