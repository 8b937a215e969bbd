/** A name as SQL text: `a"b` becomes `"a""b"`. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string as SQL text: `it's` becomes `'it''s'`. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A file path as SQL text for `read_parquet`, which reads `*`, `?` and `[` in paths as patterns. */
export function quotePath(path: string): string {
  return quoteText(path.replace(/[[*?]/g, (character) => `[${character}]`));
}

/** An instant (microseconds UTC) as a TIMESTAMPTZ expression. */
export function quoteInstant(micros: bigint): string {
  return `make_timestamptz(${micros}::BIGINT)`;
}
