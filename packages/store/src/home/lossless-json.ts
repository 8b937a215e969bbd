/**
 * JSON text that keeps what JSON loses: NaN, the infinities and -0 as `{"$number":"NaN"}`, bigint as `{"$bigint":"1"}`.
 * Everything else is written as JSON writes it, so the text stays readable by other tools.
 */
export function toLosslessJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (typeof item === "bigint") return { $bigint: String(item) };
    if (typeof item === "number" && (!Number.isFinite(item) || Object.is(item, -0)))
      return { $number: Object.is(item, -0) ? "-0" : String(item) };
    return item;
  });
}

/** The inverse of `toLosslessJson`. */
export function fromLosslessJson(text: string): unknown {
  if (!text.includes('{"$')) return JSON.parse(text);
  return JSON.parse(text, (_, item: unknown) => {
    if (typeof item !== "object" || item === null) return item;
    if ("$number" in item) return Number(item.$number);
    if ("$bigint" in item) return BigInt(item.$bigint as string);
    return item;
  });
}
