import { open } from "node:fs/promises";

/** What may be between the fields of a line. */
export const delimiters = [",", ";", "\t", "|"] as const;

/** The first line of a file of text. */
interface HeadLine {
  readonly delimiter: string;
  readonly names: readonly string[];
}

/**
 * The names in the first line of a file, where one delimiter alone is among them: fields may have others in them, `1,234;5`. Null where that does not tell, and of a file that is packed.
 */
export async function headOf(path: string): Promise<HeadLine | null> {
  if (path.toLowerCase().endsWith(".gz")) return null;
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(65_536), 0, 65_536, 0);
    const text = buffer.toString("utf8", 0, bytesRead).replace(/^\ufeff/, "");
    const [bare = ""] = text.replace(quotedText, "").split(/[\r\n]/, 1);
    const [delimiter, ...others] = delimiters.filter((one) => bare.includes(one));
    return delimiter === undefined || others.length > 0
      ? null
      : { delimiter, names: namesOf(text, delimiter) };
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
