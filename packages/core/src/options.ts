import { closest } from "./did-you-mean.ts";
import { TsopsError, type TsopsErrorCode } from "./errors.ts";

/** Every option of `T` by name; the compiler asks for all of them and for no others. */
export type OptionNames<T> = { readonly [Name in keyof Required<T>]: true };

/**
 * Refuses options that are no object, and names that the call does not know: a misspelt option would otherwise do nothing.
 * @param call - As people write it, e.g. `"featureView()"`, or the path of a nested object, e.g. `"early stopping"`.
 * @throws TsopsError with the code given, the unknown name in `details`.
 */
export function checkOptions<T>(
  code: TsopsErrorCode,
  call: string,
  options: T,
  names: OptionNames<NoInfer<T>>,
): void {
  const known = Object.keys(names);
  if (typeof options !== "object" || options === null || Array.isArray(options))
    throw new TsopsError(code, `${call} takes an object of options, got ${shown(options)}.`, {
      hint: `Its options are ${known.join(", ")}.`,
    });
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    const near = closest(name, known);
    throw new TsopsError(code, `${call} has no option "${name}".`, {
      hint: near === null ? `Its options are ${known.join(", ")}.` : `Did you mean "${near}"?`,
      details: { option: name },
    });
  }
}

/**
 * Refuses one value where a list is needed.
 * @throws TsopsError with the code given.
 */
export function checkList(code: TsopsErrorCode, name: string, value: unknown): void {
  if (Array.isArray(value)) return;
  const isOne = ["string", "number", "bigint", "boolean"].includes(typeof value);
  throw new TsopsError(code, `${name} must be a list, got ${shown(value)}.`, {
    hint: isOne
      ? `Give a list: [${typeof value === "string" && !isNumeric(value) ? JSON.stringify(value) : String(value)}].`
      : "Give an array.",
    details: { option: name },
  });
}

function isNumeric(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

/**
 * Refuses what lacks a method that is needed of it, e.g. a factory that was named and not called.
 * @param name - What it is, in a sentence, e.g. `"The regressor of reduce()"`.
 * @param hint - How to give it.
 * @throws TsopsError with the code given.
 */
export function checkMethods(
  code: TsopsErrorCode,
  name: string,
  value: unknown,
  methods: readonly string[],
  hint: string,
): void {
  const missing =
    typeof value === "object" && value !== null
      ? methods.find((method) => typeof (value as Record<string, unknown>)[method] !== "function")
      : methods[0];
  if (missing === undefined) return;
  const found = typeof value === "object" && value !== null ? `an object without ${missing}()` : shown(value);
  throw new TsopsError(code, `${name} is ${found}.`, { hint });
}

/**
 * Refuses row objects and whatever else is given where columns are needed.
 * @param call - As people write it, e.g. `"panel()"`.
 * @throws TsopsError with the code given.
 */
export function checkColumns(code: TsopsErrorCode, call: string, value: unknown): void {
  const { types, data } = Object(value) as { readonly types?: unknown; readonly data?: unknown };
  if (typeof types === "object" && types !== null && typeof data === "object" && data !== null) return;
  throw new TsopsError(code, `${call} takes columns, got ${shown(value)}.`, {
    hint: "Make columns of row objects with columnsFromRows(types, rows).",
  });
}

/**
 * Refuses a word that is none of those there are.
 * @param otherNames - What others call a word, which is then told.
 * @throws TsopsError with the code given.
 */
export function checkWord(
  code: TsopsErrorCode,
  name: string,
  value: unknown,
  words: readonly string[],
  otherNames: Readonly<Record<string, readonly string[]>> = {},
): void {
  if (typeof value === "string" && words.includes(value)) return;
  const meant = Object.keys(otherNames).find((word) => otherNames[word]?.includes(String(value)));
  const near = typeof value === "string" ? closest(value, words) : null;
  const guess = near === null ? `Give "${words[0]}", for example.` : `Did you mean "${near}"?`;
  throw new TsopsError(code, `${name} is one of ${words.join(", ")}, got ${shown(value)}.`, {
    hint: meant === undefined ? guess : `It is called "${meant}" here.`,
    details: { option: name },
  });
}

/**
 * Refuses what is neither true nor false.
 * @throws TsopsError with the code given.
 */
export function checkBoolean(code: TsopsErrorCode, name: string, value: unknown): void {
  if (typeof value === "boolean") return;
  throw new TsopsError(code, `${name} is true or false, got ${shown(value)}.`, {
    hint: `Write ${name}: true or ${name}: false, without quotes.`,
    details: { option: name },
  });
}

/** What to give in the place of a value that is no number, or none that will do: the nearest one that does, or an example. */
export function numberHint(
  value: unknown,
  {
    least,
    most,
    isWhole = false,
  }: { readonly least: number; readonly most: number; readonly isWhole?: boolean },
  example = least,
): string {
  const number = typeof value === "string" && isNumeric(value) ? Number(value) : value;
  if (typeof number !== "number" || Number.isNaN(number)) return `Give a number, e.g. ${example}.`;
  const near = Math.min(most, Math.max(least, isWhole ? Math.round(number) : number));
  if (near !== number) return `Give ${near}, for example.`;
  return `Give the number ${near}, and not a text.`;
}

/** A value in a sentence about it: text is told apart from the number that it looks like. */
export function shown(value: unknown): string {
  if (typeof value === "string")
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)}`;
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value))
    return value.length === 1 ? "a list of one value" : `a list of ${value.length} values`;
  if (value instanceof Date) return "a Date";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value);
}
