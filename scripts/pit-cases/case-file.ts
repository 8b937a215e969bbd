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

/** Reads the text of a case file; the cases are as they stand there. @throws Error when it is not JSON or has no cases. */
export function parseCaseFile(text: string): readonly PitCase[] {
  let file: { readonly cases?: unknown } | null;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new Error(`The file is not JSON: ${(error as Error).message}`);
  }
  if (typeof file !== "object" || file === null || !Array.isArray(file.cases))
    throw new Error('The file has no list "cases".');
  return file.cases as PitCase[];
}

/** Name of case number `i` of a file, also of one that is not of the format. */
export function caseName(given: unknown, i: number): string {
  const name = (given as { readonly name?: unknown } | null)?.name;
  return typeof name === "string" ? name : `case ${i + 1}, which has no name`;
}

/** A case of the format without the options and fields that are null, which mean the same as absent ones. */
export function withoutNullFields(given: PitCase): PitCase {
  const present = <T extends object>(fields: T): T =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)) as T;
  return { ...given, options: present(given.options ?? {}), views: given.views.map(present) };
}
