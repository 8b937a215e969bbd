/** Evidence as it comes out of a log: whoever wrote it, it may be of another form than expected. */
export type Evidence = Readonly<Record<string, unknown>>;

/** The object at a path; an empty one where there is none, so that what is read of it is missing too. */
export function part(value: unknown, ...path: readonly string[]): Evidence {
  const found = path.reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), value);
  return isObject(found) ? found : {};
}

/** The objects of a list. */
export function parts(value: unknown): readonly Evidence[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** A number to three or four figures, a text as it is, a list with commas, what is missing as `?`. */
export function said(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : rounded(value);
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(said).join(", ");
  if (value === null || value === undefined) return "?";
  return isObject(value) ? labelsText(value) : String(value);
}

/** A share in percent. */
export function percent(value: unknown): string {
  return typeof value === "number" ? `${rounded(100 * value)} %` : "?";
}

/** `column temp, test level` of `{ column: "temp", test: "level" }`. */
export function labelsText(labels: Evidence): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name} ${said(value)}`)
    .join(", ");
}

/**
 * Any evidence in lines, `test.p is 0.03`: for those whose form is not known.
 * @param most - Lines at most; the last then counts the others.
 */
export function plainSentences(evidence: Evidence, most = 60): readonly string[] {
  const lines = leaves(evidence, "");
  return lines.length <= most
    ? lines
    : [...lines.slice(0, most), `And ${lines.length - most} more: --json has them.`];
}

function leaves(value: unknown, path: string): string[] {
  const isFlat =
    !isObject(value) && !(Array.isArray(value) && value.some((item) => typeof item === "object"));
  if (isFlat) return [`${path} is ${value === null ? "not set" : said(value)}.`];
  return Object.entries(value as object).flatMap(([name, item]) =>
    leaves(item, path === "" ? name : Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`),
  );
}

function isObject(value: unknown): value is Evidence {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function rounded(value: number): string {
  return Number.isFinite(value) ? Number(value.toPrecision(4)).toString() : String(value);
}
