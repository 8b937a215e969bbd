/** Characters that are shown of a message. */
const most = 300;

/** What a message says, on one line: the `text` of its JSON, else the body as it is. Control characters, which could steer a terminal, become blanks. */
export function messageText(body: string): string {
  const text = textOf(body)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to take out
    .replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
    .trim();
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function textOf(body: string): string {
  try {
    const parsed: unknown = JSON.parse(body);
    const text =
      typeof parsed === "object" && parsed !== null ? (parsed as { text?: unknown }).text : undefined;
    return typeof text === "string" ? text : body;
  } catch {
    return body;
  }
}
