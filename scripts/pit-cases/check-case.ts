import type { PitCase } from "./case-file.ts";

const optionNames = new Set(["ttl", "lag", "boundary", "as_known_at", "nulls", "timezone"]);
const viewNames = new Set(["name", "keys", "key_map", "features", "ttl", "timezone", "rows"]);
const matchNames = new Set(["features", "feature_ts_ns", "status"]);
const statuses: readonly unknown[] = ["present", "expired", "not_yet_known", "missing"];

type Fields = Readonly<Record<string, unknown>>;

/** Why a case is not of the format, or null. */
export function malformed(given: unknown): string | null {
  if (!isObject(given)) return "is not an object";
  const { spine, views, expected, options } = given;
  if (!isAbsent(options)) {
    const problem = badOptions(options);
    if (problem !== null) return problem;
  }
  if (!Array.isArray(spine)) return "has no list spine";
  const badSpine = badRows(spine, "the spine");
  if (badSpine !== null) return badSpine;
  if (!Array.isArray(views)) return "has no list views";
  if (!isObject(expected)) return "has no object expected";
  const names = new Set<unknown>();
  for (const view of views as unknown[]) {
    if (!isObject(view) || typeof view["name"] !== "string") return "has a view without a name";
    if (names.has(view["name"])) return `has two views ${view["name"]}`;
    names.add(view["name"]);
    const problem =
      badView(view, view["name"]) ?? badMatches(expected[view["name"]], view["name"], spine.length);
    if (problem !== null) return problem;
  }
  const unknown = Object.keys(expected).find((name) => !names.has(name));
  return unknown === undefined ? null : `expects a view ${unknown} that it does not have`;
}

/** A field that this runner does not know, and so cannot honour, or null. */
export function unknownField(given: PitCase): string | null {
  const unknownOf = (fields: object, known: ReadonlySet<string>): string | undefined =>
    Object.keys(fields).find((name) => !known.has(name));
  const option = unknownOf(given.options ?? {}, optionNames);
  if (option !== undefined) return `options.${option}`;
  for (const view of given.views) {
    const field = unknownOf(view, viewNames);
    if (field !== undefined) return `views.${field}`;
  }
  for (const matches of Object.values(given.expected))
    for (const match of matches) {
      const field = unknownOf(match, matchNames);
      if (field !== undefined) return `expected.${field}`;
    }
  return null;
}

function badOptions(options: unknown): string | null {
  if (!isObject(options)) return "has options that are not an object";
  for (const [name, value] of Object.entries(options))
    if (optionNames.has(name) && !isAbsent(value) && typeof value !== "string")
      return `has options.${name} ${JSON.stringify(value)}, which is not text`;
  return null;
}

function badView(view: Fields, name: string): string | null {
  for (const list of ["keys", "features"]) {
    const found = view[list];
    if (!Array.isArray(found)) return `has no list ${list} in view ${name}`;
    if (found.some((item) => typeof item !== "string"))
      return `has ${list} in view ${name} that are not text`;
    const twice = found.find((item, i) => found.indexOf(item) !== i);
    if (twice !== undefined) return `names ${twice} twice in ${list} of view ${name}`;
  }
  for (const field of ["ttl", "timezone"])
    if (!isAbsent(view[field]) && typeof view[field] !== "string")
      return `has ${field} ${JSON.stringify(view[field])} in view ${name}, which is not text`;
  const keyMap = view["key_map"];
  if (!isAbsent(keyMap)) {
    if (!isObject(keyMap) || Object.values(keyMap).some((column) => typeof column !== "string"))
      return `has a key_map in view ${name} that does not map names to names`;
    const stray = Object.keys(keyMap).find((key) => !(view["keys"] as unknown[]).includes(key));
    if (stray !== undefined) return `maps ${stray} in view ${name}, which is none of its keys`;
  }
  return Array.isArray(view["rows"])
    ? badRows(view["rows"], `the rows of view ${name}`)
    : `has no list rows in view ${name}`;
}

function badRows(rows: readonly unknown[], of: string): string | null {
  for (const [i, row] of rows.entries()) {
    if (!isObject(row)) return `has ${JSON.stringify(row)} in ${of}, row ${i}, which is not an object`;
    for (const time of ["ts", "created"])
      if (!isAbsent(row[time]) && typeof row[time] !== "string")
        return `has ${time} ${JSON.stringify(row[time])} in ${of}, row ${i}, which is not text`;
  }
  return null;
}

function badMatches(matches: unknown, view: string, rows: number): string | null {
  if (matches === undefined) return `expects nothing of view ${view}`;
  if (!Array.isArray(matches)) return `expects no list of view ${view}`;
  if (matches.length !== rows) return `expects ${matches.length} rows of view ${view} for ${rows} spine rows`;
  for (const [i, match] of matches.entries()) {
    const of = `of view ${view}, row ${i}`;
    if (!isObject(match) || !isObject(match["features"])) return `expects no object features ${of}`;
    if (!statuses.includes(match["status"]))
      return `expects status ${JSON.stringify(match["status"])} ${of}, not ${statuses.join(", ")}`;
    const nanos = match["feature_ts_ns"];
    const isExact = typeof nanos === "string" ? /^-?\d+$/.test(nanos) : Number.isSafeInteger(nanos);
    if (!isAbsent(nanos) && !isExact)
      return `expects feature_ts_ns ${JSON.stringify(nanos)} ${of}, which is not text of a whole number`;
  }
  return null;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
