import { TsopsError } from "./errors.ts";

const arrayTypes = {
  float64: Float64Array,
  float32: Float32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;
type TypedArray = InstanceType<(typeof arrayTypes)[keyof typeof arrayTypes]>;

/**
 * JSON text that is the same for equal values: keys sorted by UTF-16 units, no spaces, properties that are `undefined`
 * left out, -0 written as 0. What JSON lacks becomes an object with one `$` key: `{"$int":"12"}` (bigint),
 * `{"$number":"NaN"}` (also infinities), `{"$date":"..."}`, `{"$int64":[...]}` (typed arrays, by element type); keys of
 * plain objects that begin with `$` get a second one. `parseCanonicalJson` reads it back.
 * @throws TsopsError VALUE_INVALID for functions, symbols, `undefined` in arrays, class instances, cycles.
 */
export function canonicalJson(value: unknown): string {
  return write(value, "value", new Set());
}

function write(value: unknown, path: string, parents: Set<object>): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "number":
      return Number.isFinite(value) ? JSON.stringify(value) : `{"$number":"${value}"}`;
    case "bigint":
      return `{"$int":"${value}"}`;
    case "object":
      return value === null ? "null" : writeObject(value, path, parents);
    default:
      throw invalid(path, `a ${typeof value}`);
  }
}

function writeObject(value: object, path: string, parents: Set<object>): string {
  if (parents.has(value)) throw invalid(path, "a cycle");
  parents.add(value);
  try {
    if (Array.isArray(value))
      return `[${Array.from(value, (item, i) => write(item, `${path}[${i}]`, parents)).join(",")}]`;
    if (ArrayBuffer.isView(value)) return writeTypedArray(value, path);
    if (value instanceof Date) {
      if (Number.isNaN(value.getTime())) throw invalid(path, "an invalid Date");
      return `{"$date":"${value.toISOString()}"}`;
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      throw invalid(path, `an instance of ${value.constructor?.name || "a class"}`);
    const parts: string[] = [];
    for (const key of Object.keys(value).sort()) {
      const item = (value as Record<string, unknown>)[key];
      if (item === undefined) continue;
      const name = key.startsWith("$") ? `$${key}` : key;
      parts.push(`${JSON.stringify(name)}:${write(item, `${path}.${key}`, parents)}`);
    }
    return `{${parts.join(",")}}`;
  } finally {
    parents.delete(value);
  }
}

function writeTypedArray(value: ArrayBufferView, path: string): string {
  for (const [name, type] of Object.entries(arrayTypes)) {
    if (!(value instanceof type)) continue;
    const items = Array.from(value as Iterable<number | bigint>, (item) =>
      typeof item === "bigint" || !Number.isFinite(item) ? `"${item}"` : JSON.stringify(item),
    );
    return `{"$${name}":[${items.join(",")}]}`;
  }
  throw invalid(path, `a ${value.constructor.name}`);
}

function invalid(path: string, what: string): TsopsError {
  return new TsopsError("VALUE_INVALID", `${path} is ${what}, which canonical JSON cannot hold.`, {
    hint: "Use plain objects, arrays, numbers, text, booleans, null, bigint, Date and typed arrays.",
    details: { path },
  });
}

/**
 * Reads what `canonicalJson` wrote.
 * @throws TsopsError VALUE_INVALID when the text is not canonical JSON.
 */
export function parseCanonicalJson(text: string): unknown {
  try {
    return revive(JSON.parse(text));
  } catch (cause) {
    if (TsopsError.is(cause)) throw cause;
    throw new TsopsError("VALUE_INVALID", "The text is not canonical JSON.", {
      hint: "Give text that canonicalJson wrote.",
      cause,
    });
  }
}

function revive(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [only] = entries;
  if (entries.length === 1 && only !== undefined && /^\$[^$]/.test(only[0]))
    return reviveTag(only[0].slice(1), only[1]);
  return Object.fromEntries(
    entries.map(([key, item]) => [key.startsWith("$$") ? key.slice(1) : key, revive(item)]),
  );
}

function reviveTag(tag: string, content: unknown): unknown {
  if (tag === "int") return BigInt(content as string);
  if (tag === "number" && /^(NaN|-?Infinity)$/.test(String(content))) return Number(content);
  if (tag === "date" && !Number.isNaN(Date.parse(String(content)))) return new Date(String(content));
  const type = Object.hasOwn(arrayTypes, tag) ? arrayTypes[tag as keyof typeof arrayTypes] : undefined;
  if (type === undefined || !Array.isArray(content)) throw new SyntaxError(`unknown tag $${tag}`);
  const isBig = tag === "int64" || tag === "uint64";
  return (type as unknown as { from(items: unknown[]): TypedArray }).from(
    content.map((item) => (isBig ? BigInt(item) : Number(item))),
  );
}
