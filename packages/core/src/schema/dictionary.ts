import type { Utf8Column } from "./columns.ts";

/** Collects distinct texts and numbers them 0, 1, 2, ... by first appearance. */
export interface DictionaryBuilder {
  /** The code of a text, a new one at its first appearance. */
  codeOf(text: string): number;
  /** The texts by code; grows with later calls. */
  readonly texts: readonly string[];
}

/** Starts a dictionary, optionally with texts that already have the codes 0, 1, 2, ... */
export function dictionaryBuilder(initial: readonly string[] = []): DictionaryBuilder {
  const texts = [...initial];
  const codes = new Map<string, number>();
  for (let code = 0; code < texts.length; code++) codes.set(texts[code] as string, code);
  return {
    texts,
    codeOf(text) {
      let code = codes.get(text);
      if (code === undefined) {
        code = texts.length;
        codes.set(text, code);
        texts.push(text);
      }
      return code;
    },
  };
}

/** The same column with a dictionary of the texts that occur in it, by first appearance. Codes of null rows become 0. */
export function compactDictionary(column: Utf8Column): Utf8Column {
  const { codes, dictionary, valid } = column;
  const renumbered = new Int32Array(dictionary.length).fill(-1);
  const used: string[] = [];
  const result = new Int32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    if (valid !== null && ((valid[i >> 3] as number) & (1 << (i & 7))) === 0) continue;
    const code = codes[i] as number;
    let next = renumbered[code] as number;
    if (next < 0) {
      next = used.length;
      renumbered[code] = next;
      used.push(dictionary[code] as string);
    }
    result[i] = next;
  }
  return { kind: "utf8", codes: result, dictionary: used, valid };
}
