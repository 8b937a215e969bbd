/** A text as a Python string literal of ASCII characters only, so that nothing in it can end the literal or the line. */
export function pythonText(text: string): string {
  let literal = "";
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (character === '"' || character === "\\") literal += `\\${character}`;
    else if (code >= 0x20 && code < 0x7f) literal += character;
    else literal += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `"${literal}"`;
}

/** A list of texts as a Python list. */
export function pythonList(texts: readonly string[]): string {
  return `[${texts.map(pythonText).join(", ")}]`;
}

/** A schedule in Python that any of the assets, by URI, starts. */
export function pythonAssets(uris: readonly string[]): string {
  return `(${uris.map((uri) => `Asset(${pythonText(uri)})`).join(" | ")})`;
}

/**
 * A text that Jinja renders to itself. Operators render their fields, and take a field that ends in `.sh` or `.bash` as the
 * name of a template file.
 */
export function jinjaText(text: string): string {
  const escaped = text.replaceAll("{", `{{ "{" }}`);
  // Jinja drops one newline at the end of a template.
  return /(\.sh|\.bash|\n)$/.test(escaped)
    ? `${escaped.slice(0, -1)}{{ "${escaped.endsWith("\n") ? "\\n" : "h"}" }}`
    : escaped;
}
