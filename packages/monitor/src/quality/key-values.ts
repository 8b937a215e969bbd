/** A series key as plain JSON: whole numbers beyond what a double holds are texts. */
export type KeyValues = Readonly<Record<string, string | number | boolean>>;

/** The key that `seriesKeyText` wrote. */
export function keyValues(text: string): KeyValues {
  return JSON.parse(
    text.replace(/"(?:[^"\\]|\\.)*"|-?\d+n/g, (token) =>
      token.startsWith('"') ? token : wholeNumber(token.slice(0, -1)),
    ),
  );
}

function wholeNumber(digits: string): string {
  return Number.isSafeInteger(Number(digits)) ? digits : JSON.stringify(digits);
}
