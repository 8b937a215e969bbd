import { open } from "node:fs/promises";

/** What may be between the fields of a line. */
export const delimiters = [",", ";", "\t", "|"] as const;

/** The line of names of a file of text. */
interface HeadLine {
  /** Null where the line does not tell. */
  readonly delimiter: string | null;
  readonly names: readonly string[];
  /** Lines before that of names: 1 where Excel's `sep=;` is the first, which names the delimiter. */
  readonly before: number;
}

/**
 * The names in the first line of a file, where one delimiter alone is among them: fields may have others in them, `1,234;5`. Of a file that is packed nothing is told.
 */
export async function headOf(path: string): Promise<HeadLine> {
  if (path.toLowerCase().endsWith(".gz")) return { delimiter: null, names: [], before: 0 };
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0);
    const text = buffer.toString("utf8", 0, bytesRead).replace(/^\ufeff/, "");
    const said = /^"?sep=([^\r\n])"?(\r\n|\r|\n)/i.exec(text);
    if (said !== null) {
      const [line, delimiter = ","] = said;
      return { delimiter, names: namesOf(text.slice(line.length), delimiter), before: 1 };
    }
    const [bare = ""] = text.replace(quotedText, "").split(/[\r\n]/, 1);
    const [delimiter, ...others] = delimiters.filter((one) => bare.includes(one));
    return delimiter === undefined || others.length > 0
      ? { delimiter: null, names: [], before: 0 }
      : { delimiter, names: namesOf(text, delimiter), before: 0 };
  } finally {
    await file.close();
  }
}

const quotedText = /"(?:[^"]|"")*"/g;

function namesOf(text: string, delimiter: string): readonly string[] {
  const names = [""];
  // A piece is a text in quotes, or one other character.
  for (const piece of text.match(/"(?:[^"]|"")*"|[\s\S]/g) ?? []) {
    if (piece === "\r" || piece === "\n") break;
    if (piece === delimiter) names.push("");
    else names.push(`${names.pop()}${piece.length > 1 ? piece.slice(1, -1).replaceAll('""', '"') : piece}`);
  }
  return names.map((name) => name.trim());
}
