/** A scalar as cases write it. */
export type Json = string | number | boolean | null;

/** One view of a case. */
export interface CaseView {
  readonly name: string;
  readonly keys: readonly string[];
  readonly key_map?: Readonly<Record<string, string>>;
  readonly features: readonly string[];
  readonly ttl?: string;
  readonly timezone?: string;
  readonly rows: readonly Readonly<Record<string, Json>>[];
}

/** What one view should give for one spine row. */
export interface ExpectedMatch {
  readonly features: Readonly<Record<string, Json>>;
  readonly feature_ts_ns: string | number | null;
  readonly status: string;
}

/** Options that hold for all views of a case. */
export interface CaseOptions {
  readonly ttl?: string;
  readonly lag?: string;
  readonly boundary?: string;
  readonly as_known_at?: string;
  readonly nulls?: string;
  readonly timezone?: string;
}

/** One point-in-time case. */
export interface PitCase {
  readonly name: string;
  readonly why?: string;
  readonly options?: CaseOptions;
  readonly spine: readonly Readonly<Record<string, Json>>[];
  readonly views: readonly CaseView[];
  readonly expected: Readonly<Record<string, readonly ExpectedMatch[]>>;
}

const optionNames = new Set(["ttl", "lag", "boundary", "as_known_at", "nulls", "timezone"]);
const viewNames = new Set(["name", "keys", "key_map", "features", "ttl", "timezone", "rows"]);

/** Reads the text of a case file. @throws Error saying what is not as the format wants it. */
export function parseCaseFile(text: string): readonly PitCase[] {
  const file = JSON.parse(text) as { readonly cases?: unknown };
  if (typeof file !== "object" || file === null || !Array.isArray(file.cases))
    throw new Error('The file has no list "cases".');
  return file.cases as PitCase[];
}

/** Why a case is not of the format, or null. */
export function malformed(given: PitCase): string | null {
  if (!Array.isArray(given.spine)) return "has no list spine";
  if (!Array.isArray(given.views)) return "has no list views";
  if (typeof given.expected !== "object" || given.expected === null) return "has no object expected";
  for (const view of given.views) {
    if (typeof view.name !== "string") return "has a view without a name";
    for (const list of ["keys", "features", "rows"] as const)
      if (!Array.isArray(view[list])) return `has no list ${list} in view ${view.name}`;
    if (given.expected[view.name] === undefined) return `expects nothing of view ${view.name}`;
  }
  for (const [name, matches] of Object.entries(given.expected)) {
    if (!given.views.some((view) => view.name === name))
      return `expects a view ${name} that it does not have`;
    if (!Array.isArray(matches) || matches.length !== given.spine.length)
      return `expects ${matches.length} rows of view ${name} for ${given.spine.length} spine rows`;
  }
  return null;
}

/** A field that this runner does not know, and so cannot honour, or null. */
export function unknownField(given: PitCase): string | null {
  const option = Object.keys(given.options ?? {}).find((name) => !optionNames.has(name));
  if (option !== undefined) return `options.${option}`;
  for (const view of given.views) {
    const field = Object.keys(view).find((name) => !viewNames.has(name));
    if (field !== undefined) return `views.${field}`;
  }
  return null;
}
