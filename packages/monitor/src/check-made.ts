import { shown, TsopsError } from "@tsops/core";

/** Kinds that a field can be of; a list is an array or a typed one. */
export type FieldKind = "number" | "text" | "instant" | "flag" | "list" | "object" | "function";

const isOfKind: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  number: (value) => typeof value === "number",
  text: (value) => typeof value === "string",
  instant: (value) => typeof value === "bigint",
  flag: (value) => typeof value === "boolean",
  list: isList,
  object: (value) => typeof value === "object" && value !== null && !isList(value),
  function: (value) => typeof value === "function",
};

function isList(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

/**
 * Refuses what was not made by the call that makes it, by the fields that are needed of it.
 * @param where - As people write it, with what it is: `"performanceByWindow()"`, `"The reference of compareSketches()"`.
 * @param source - What makes it, to be given: `"what joinOutcomes() returned"`.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkMade(
  where: string,
  source: string,
  value: unknown,
  fields: Readonly<Record<string, FieldKind>>,
): void {
  const isObject = isOfKind.object(value);
  const wrong = isObject
    ? Object.keys(fields).find(
        (name) => !isOfKind[fields[name] as FieldKind]((value as Record<string, unknown>)[name]),
      )
    : undefined;
  if (isObject && wrong === undefined) return;
  const found =
    wrong === undefined
      ? shown(value)
      : wrong in (value as object)
        ? `an object with the ${wrong} ${shown((value as Record<string, unknown>)[wrong])}`
        : `an object without ${wrong}`;
  throw new TsopsError("MONITOR_INVALID", `${where} was given ${found}.`, { hint: `Give ${source}.` });
}

/**
 * Refuses a list some of whose items were not made by the call that makes them.
 * @param where - What the items are of, as for `checkMade`.
 * @throws TsopsError MONITOR_INVALID
 */
export function checkEachMade(
  where: string,
  source: string,
  values: unknown,
  fields: Readonly<Record<string, FieldKind>>,
): void {
  if (!Array.isArray(values))
    throw new TsopsError("MONITOR_INVALID", `${where} was given ${shown(values)}, not a list.`, {
      hint: `Give an array of ${source}.`,
    });
  for (const [i, value] of values.entries()) checkMade(`${where}, item ${i},`, source, value, fields);
}
